"""How finely a line is drawn."""

import pytest

from meters.domain.resolution import RAW, STEPS, step_for

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("span_s", "interval_s", "points", "step_s"),
    [
        # A day by the minute fits
        (DAY, 60, 1_500, RAW),
        (DAY, 60, 1_440, RAW),
        (DAY, 60, 1_439, 120),
        # An hour of readings every second does not
        (HOUR, 1, 1_000, 10),
        (30 * DAY, 60, 2_000, 1_800),
        (365 * DAY, 60, 2_000, 6 * HOUR),
        # Longer than the longest step allows
        (100 * 365 * DAY, 60, 1_000, 37 * DAY),
    ],
)
def test_the_step_is_the_shortest_that_fits(span_s, interval_s, points, step_s):
    assert step_for(span_s, points=points, interval_s=interval_s) == step_s


@pytest.mark.parametrize("step_s", STEPS)
def test_steps_divide_a_day(step_s):
    assert DAY % step_s == 0


@pytest.mark.parametrize("points", [10, 100, 2_000])
@pytest.mark.parametrize("span_s", [60, HOUR, DAY, 400 * DAY])
def test_there_are_never_more_points_than_asked_for(span_s, points):
    step_s = step_for(span_s, points=points, interval_s=1)
    # Wherever the span begins
    assert span_s / (step_s or 1) + (1 if step_s else 0) <= points
