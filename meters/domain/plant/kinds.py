"""The kinds of load: when they run, and what they do to the grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# (local hour, share of the full power), joined by straight lines.
Course = tuple[tuple[float, float], ...]

QUARTERS = 96

_TWO_SHIFTS: Course = (
    (0, 0.02), (5.25, 0.02), (5.75, 0.55), (6.25, 0.9), (8.75, 0.96), (9, 0.5),
    (9.25, 0.55), (9.5, 0.94), (11.75, 0.97), (12, 0.45), (12.5, 0.5), (12.75, 0.93),
    (13.75, 0.9), (14, 0.7), (14.5, 0.92), (17.75, 0.88), (18, 0.45), (18.5, 0.5),
    (18.75, 0.86), (21.25, 0.8), (22, 0.25), (22.5, 0.04), (24, 0.02),
)  # fmt: skip
_SATURDAY: Course = (
    (0, 0.02), (5.5, 0.02), (6.25, 0.5), (9, 0.55), (9.25, 0.3), (9.5, 0.55),
    (13.25, 0.5), (14, 0.1), (14.5, 0.02), (24, 0.02),
)  # fmt: skip
_REST: Course = ((0, 0.02), (24, 0.02))
_OFFICE: Course = (
    (0, 0.08), (6.5, 0.08), (8, 0.7), (9, 0.95), (12, 0.85), (13, 0.75), (14, 0.95),
    (16, 0.85), (18, 0.3), (20, 0.1), (24, 0.08),
)  # fmt: skip
_OFFICE_REST: Course = ((0, 0.07), (9, 0.1), (16, 0.1), (24, 0.07))
_ALWAYS: Course = ((0, 0.82), (6, 0.86), (13, 1.0), (19, 0.9), (24, 0.82))
_ALWAYS_REST: Course = ((0, 0.5), (13, 0.62), (24, 0.5))
_UTILITY: Course = (
    (0, 0.25), (5, 0.25), (6, 0.8), (14, 0.95), (21.5, 0.75), (22.5, 0.3), (24, 0.25)
)  # fmt: skip
_UTILITY_SATURDAY: Course = ((0, 0.22), (5.5, 0.22), (6.5, 0.6), (13.5, 0.6),
                             (14.5, 0.22), (24, 0.22))  # fmt: skip
_UTILITY_REST: Course = ((0, 0.2), (24, 0.2))
_LIGHTING: Course = (
    (0, 0.15), (5.25, 0.2), (5.75, 0.95), (8.5, 0.9), (10, 0.55), (15, 0.55),
    (17, 0.9), (21.75, 0.95), (22.5, 0.2), (24, 0.15),
)  # fmt: skip
_LIGHTING_REST: Course = ((0, 0.16), (6, 0.16), (8, 0.05), (16, 0.05), (18, 0.16),
                          (24, 0.16))  # fmt: skip
_CANTEEN: Course = (
    (0, 0.1), (5.5, 0.1), (6.5, 0.35), (9, 0.4), (10, 0.7), (11, 1.0), (13, 0.9),
    (14, 0.45), (15, 0.15), (17, 0.4), (18.5, 0.4), (19.5, 0.1), (24, 0.1),
)  # fmt: skip
_CHARGING: Course = (
    (0, 0.35), (3, 0.1), (5.5, 0.05), (6.25, 0.5), (8, 0.85), (9.5, 0.5), (12, 0.25),
    (14, 0.65), (16, 0.4), (19, 0.15), (22, 0.75), (24, 0.35),
)  # fmt: skip
_CHARGING_REST: Course = ((0, 0.1), (10, 0.12), (24, 0.08))


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What loads of one kind have in common.

    Attributes
    ----------
    workday, saturday, rest : Course
        Share of the full power over the local day.
    power_factor : float
        At full power, lagging; less at part load where it is a motor.
    is_motor : bool
    thd : float
        Total harmonic distortion of the current at full power. [%]
    triplen : float
        Third harmonic as a share of the current; adds up in the neutral.
    swing : float
        How far the power leaves its quarter-hourly course, as a share.
    cycles : int
        Switching cycles in a quarter of an hour; 0 where nothing cycles.
    season : float
        What a hot summer adds (+) or a cold winter (−), as a share.
    uneven : float
        How unevenly it loads the phases, as a share.
    """

    workday: Course
    saturday: Course
    rest: Course
    power_factor: float
    is_motor: bool
    thd: float
    triplen: float
    swing: float
    cycles: int = 0
    season: float = 0.0
    uneven: float = 0.03

    def courses(self) -> Array:
        """Return the share at each quarter of a workday, a Saturday, a day of rest."""
        quarters = np.arange(QUARTERS) / 4
        return np.stack(
            [
                np.interp(
                    quarters, [at for at, _ in course], [share for _, share in course]
                )
                for course in (self.workday, self.saturday, self.rest)
            ]
        )


def _machines(pf: float, thd: float, swing: float, cycles: int) -> Kind:
    return Kind(_TWO_SHIFTS, _SATURDAY, _REST, pf, True, thd, 0.01, swing, cycles)


PRESS = _machines(0.80, 9.0, 0.45, 31)
MACHINING = _machines(0.78, 14.0, 0.35, 11)
WELDING = Kind(
    _TWO_SHIFTS, _SATURDAY, _REST, 0.68, False, 24.0, 0.04, 0.6, 23, uneven=0.09
)
CONVEYING = _machines(0.76, 22.0, 0.15, 0)
MOULDING = _machines(0.84, 12.0, 0.4, 19)
OVEN = Kind(_TWO_SHIFTS, _SATURDAY, _REST, 0.99, False, 3.0, 0.005, 0.3, 5)
ASSEMBLY = Kind(
    _TWO_SHIFTS, _SATURDAY, _REST, 0.90, False, 16.0, 0.06, 0.25, uneven=0.07
)
COMPRESSOR = Kind(
    _UTILITY, _UTILITY_SATURDAY, _UTILITY_REST, 0.85, True, 5.0, 0.0, 0.35, 4
)
COOLING = Kind(
    _ALWAYS, _ALWAYS_REST, _ALWAYS_REST, 0.82, True, 6.0, 0.0, 0.25, 3, season=0.45
)
VENTILATION = Kind(
    _UTILITY, _UTILITY_SATURDAY, _UTILITY_REST, 0.95, False, 36.0, 0.01, 0.06
)
PUMPS = Kind(
    _ALWAYS, _ALWAYS_REST, _ALWAYS_REST, 0.82, True, 7.0, 0.0, 0.15, 2, season=-0.4
)
OFFICE = Kind(
    _OFFICE, _OFFICE_REST, _OFFICE_REST, 0.94, False, 21.0, 0.14, 0.12, uneven=0.12
)
SERVERS = Kind(
    _ALWAYS, _ALWAYS, _ALWAYS, 0.98, False, 9.0, 0.05, 0.03, season=0.1, uneven=0.06
)
LIGHTING = Kind(
    _LIGHTING, _LIGHTING_REST, _LIGHTING_REST, 0.93, False, 17.0, 0.15, 0.04,
    season=-0.25, uneven=0.08,
)  # fmt: skip
CANTEEN = Kind(
    _CANTEEN, _OFFICE_REST, _OFFICE_REST, 0.98, False, 5.0, 0.03, 0.4, 7, uneven=0.1
)
CHARGING = Kind(
    _CHARGING, _CHARGING_REST, _CHARGING_REST, 0.99, False, 8.0, 0.03, 0.15, uneven=0.1
)
SOLAR = Kind(_REST, _REST, _REST, 1.0, False, 3.0, 0.0, 0.22, uneven=0.004)
