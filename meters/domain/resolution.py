"""How finely a line is drawn: every reading, or the readings gathered by step."""

import math

# Steps that divide a day, so that they begin at the same times every day. [s]
STEPS = (
    10, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800,
    14_400, 21_600, 43_200, 86_400,
)  # fmt: skip
RAW = 0


def step_for(span_s: float, *, points: int, interval_s: float) -> int:
    """
    Return the step that shows a span in at most so many points.

    Parameters
    ----------
    span_s : float
        What is to be shown. [s]
    points : int
        How many points a line has at most.
    interval_s : float
        How far readings lie apart. [s]

    Returns
    -------
    int
        `RAW` where all readings fit, else the shortest step that does. [s]
    """
    if span_s / interval_s <= points:
        return RAW
    # One more: a span need not begin where a step does.
    fitting = (step for step in STEPS if math.ceil(span_s / step) + 1 <= points)
    whole_days = math.ceil(span_s / STEPS[-1] / max(1, points - 1)) * STEPS[-1]
    return next(fitting, whole_days)
