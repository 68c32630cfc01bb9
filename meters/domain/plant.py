"""A small plant that could be real: what its meters show at any instant.

Everything follows from the time alone, so that a simulator that starts anew goes on
where it stopped: registers are the integral of the power, in closed form.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Registers begin to count here: 2024-01-01, in seconds since 1970.
COUNTING_SINCE = 1_704_067_200.0


@dataclass(frozen=True, slots=True)
class Load:
    """
    A three-phase load.

    Attributes
    ----------
    serial, name : str
        Of the meter in front of it.
    mean_power : float
        Active power over a day. [kW]
    swings : tuple of (share of the mean, period in s, phase in rad)
        What the power does around its mean.
    power_factor : float
        Of the whole load, lagging.
    phase_shares : tuple of three floats
        What each phase takes; they add up to 1.
    """

    serial: str
    name: str
    mean_power: float
    swings: tuple[tuple[float, float, float], ...]
    power_factor: float
    phase_shares: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)

    def power(self, time: float) -> float:
        """Return the active power at `time` (s since 1970). [kW]"""
        swing = sum(
            share * math.sin(2 * math.pi * time / period + phase)
            for share, period, phase in self.swings
        )
        return self.mean_power * (1 + swing)

    def energy(self, time: float) -> float:
        """Return what has been used since `COUNTING_SINCE`. [kWh]"""
        integral = self._swing_integral(time) - self._swing_integral(COUNTING_SINCE)
        seconds = time - COUNTING_SINCE + integral
        return self.mean_power * seconds / 3600

    def _swing_integral(self, time: float) -> float:
        return sum(
            -share
            * period
            / (2 * math.pi)
            * math.cos(2 * math.pi * time / period + phase)
            for share, period, phase in self.swings
        )


_DAY, _HOUR = 86_400.0, 3_600.0

LOADS = (
    Load(
        serial="24112200010002",
        name="Press shop",
        mean_power=96.0,
        swings=(
            (0.35, _DAY, -2.0),
            (0.16, 900.0, 0.4),
            (0.09, 140.0, 1.1),
            (0.05, 33.0, 2.3),
        ),
        power_factor=0.86,
        phase_shares=(0.345, 0.33, 0.325),
    ),
    Load(
        serial="24112200010003",
        name="Building services",
        mean_power=38.0,
        swings=(
            (0.28, _DAY, -1.6),
            (0.12, _HOUR, 0.2),
            (0.07, 420.0, 1.9),
            (0.03, 47.0, 0.7),
        ),
        power_factor=0.95,
        phase_shares=(0.31, 0.35, 0.34),
    ),
)
INCOMER_SERIAL = "24112200010001"
INCOMER_NAME = "Incomer"
# Lost in cables between the incomer and the feeders.
_LOSSES = 0.012
_NOMINAL_VOLTAGE = 232.0


def meter_values(time: float) -> Iterator[tuple[str, dict[str, float]]]:
    """
    Yield the serial and the quantities of each meter of the plant at `time`.

    The incomer, first, shows the sum of the loads and the losses.

    Parameters
    ----------
    time : float
        Seconds since 1970.
    """
    totals = [_phase_powers(load, time) for load in LOADS]
    above = 1 + _LOSSES
    incomer = [
        (above * sum(p for p, _ in phase), above * sum(q for _, q in phase))
        for phase in zip(*totals, strict=True)
    ]
    energies = [load.energy(time) for load in LOADS]
    reactive = [
        energy * _tangent(load) for load, energy in zip(LOADS, energies, strict=True)
    ]
    yield (
        INCOMER_SERIAL,
        _quantities(
            time, incomer, above * sum(energies), above * sum(reactive), drop=0.0
        ),
    )
    for load, phases, energy, kvarh in zip(
        LOADS, totals, energies, reactive, strict=True
    ):
        yield load.serial, _quantities(time, phases, energy, kvarh, drop=1.8)


def _tangent(load: Load) -> float:
    return math.tan(math.acos(load.power_factor))


def _phase_powers(load: Load, time: float) -> list[tuple[float, float]]:
    power = load.power(time)
    return [
        (share * power, share * power * _tangent(load)) for share in load.phase_shares
    ]


def _quantities(
    time: float,
    phases: list[tuple[float, float]],
    energy: float,
    reactive_energy: float,
    *,
    drop: float,
) -> dict[str, float]:
    """Return what a meter shows, from active and reactive power per phase."""
    values: dict[str, float] = {}
    voltages = []
    for number, (active, reactive) in enumerate(phases, start=1):
        voltage = _voltage(time, number) - drop
        apparent = math.hypot(active, reactive)
        voltages.append(voltage)
        values |= {
            f"voltage_l{number}": round(voltage, 1),
            f"current_l{number}": round(1000 * apparent / voltage, 2),
            f"active_power_l{number}": round(active, 3),
            f"reactive_power_l{number}": round(reactive, 3),
            f"apparent_power_l{number}": round(apparent, 3),
            f"power_factor_l{number}": round(active / apparent, 3),
            f"temperature_l{number}": round(31 + 0.08 * apparent + number, 1),
        }
    l1, l2, l3 = voltages
    total, reactive_total = (sum(part) for part in zip(*phases, strict=True))
    apparent_total = math.hypot(total, reactive_total)
    return values | {
        "voltage_l12": round(_between(l1, l2), 1),
        "voltage_l23": round(_between(l2, l3), 1),
        "voltage_l31": round(_between(l3, l1), 1),
        "active_power": round(total, 3),
        "reactive_power": round(reactive_total, 3),
        "apparent_power": round(apparent_total, 3),
        "power_factor": round(total / apparent_total, 3),
        "frequency": round(50 + 0.02 * math.sin(time / 97), 2),
        "active_energy_import": round(energy, 2),
        "active_energy_export": 0.0,
        "reactive_energy_import": round(reactive_energy, 2),
        "reactive_energy_export": 0.0,
        "pt_ratio": 1,
        "ct_ratio": 1,
        "digital_inputs": 1,
        "signal_strength": 21 + round(3 * math.sin(time / 611)),
    }


def _voltage(time: float, phase: int) -> float:
    return (
        _NOMINAL_VOLTAGE
        + 1.6 * math.sin(time / 211 + phase)
        + 0.5 * math.sin(time / 17 + 2 * phase)
    )


def _between(a: float, b: float) -> float:
    """Return the voltage between two phases that stand 120° apart. [V]"""
    return math.sqrt(a * a + b * b + a * b)


def names() -> Mapping[str, str]:
    """Return the name of each meter by its serial, the incomer first."""
    return {INCOMER_SERIAL: INCOMER_NAME, **{load.serial: load.name for load in LOADS}}
