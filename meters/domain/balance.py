"""What a meter shows that no meter below it shows.

Losses of cables and transformers, and loads without a meter of their own. Powers in
kW. The counterpart in the browser is ``static/js/lib/balance.js``, tested with the same
cases.
"""

import math
from collections.abc import Sequence

# Meters are read at different seconds and are each a percent off: less says nothing.
_TOLERANCE, _LEAST_KW = 0.05, 0.1


def rest_of(above: float | None, below: Sequence[float | None]) -> float | None:
    """Return the power above less the powers below; None where one is not known."""
    if above is None or not below:
        return None
    known = [power for power in below if power is not None]
    if len(known) < len(below):
        return None
    return above - math.fsum(known)


def contradicts(
    rest: float | None, above: float | None, below: Sequence[float | None]
) -> bool:
    """Return whether the meters below show more than the one above.

    A wrong ratio, a reversed current transformer, or a meter in the wrong place. Where
    a generator covers the load, little is left above of much that is measured below.
    """
    if rest is None or above is None:
        return False
    carried = math.fsum(abs(power) for power in below if power is not None)
    return rest < -max(_TOLERANCE * max(abs(above), carried), _LEAST_KW)
