"""Which ratio explains that two figures, which should agree, differ by a factor."""

import math
from dataclasses import dataclass

from meters.domain.formatting import format_plain

# How far a factor may be from a ratio to be told as that ratio.
_NEAR = 0.07


@dataclass(frozen=True, slots=True)
class Ratios:
    """Current and voltage transformer ratios of a meter, primary over secondary."""

    ct: float = 1.0
    pt: float = 1.0

    def explain(self, factor: float) -> str:
        """
        Return which ratios were applied once too often or not at all: "40 (current)".

        Empty where none explains the factor; a thousand is told as a unit.
        """
        size = factor if factor >= 1 else 1 / factor
        for what, ratio in (
            ("CT", self.ct),
            ("PT", self.pt),
            ("CT × PT", self.ct * self.pt),
            ("W, kW", 1000.0),
        ):
            if ratio > 1 + _NEAR and abs(math.log(size / ratio)) <= _NEAR:
                return what
        return ""


def factor_in_words(factor: float) -> str:
    """Return a factor as people say it: "40", "0.025"."""
    return format_plain(float(f"{factor:.3g}"))
