"""Series laid beside each other: sums, gaps, buckets."""

import numpy as np
import pytest

from meters.domain.series import (
    EMPTY,
    Series,
    bucket_means,
    sum_held,
    thinned,
    with_gaps,
)

NAN = float("nan")


def listed(series):
    return list(zip(series.times.tolist(), series.values.tolist(), strict=True))


class TestSumHeld:
    def test_of_one_is_that_one(self):
        one = Series.of([1, 2], [10, 20])
        assert sum_held([one], hold_s=[5]) is one

    def test_holds_each_value_until_the_next(self):
        first = Series.of([0, 10], [100, 200])
        second = Series.of([4, 12], [1, 2])
        total = sum_held([first, second], hold_s=[60, 60])
        # At 0 the second has no value yet: a part is not the whole
        np.testing.assert_equal(
            listed(total), [(0, NAN), (4, 101), (10, 201), (12, 202)]
        )

    def test_does_not_hold_a_value_for_ever(self):
        first = Series.of([0, 50], [100, 100])
        second = Series.of([0], [1])
        total = sum_held([first, second], hold_s=[60, 30])
        np.testing.assert_equal(listed(total), [(0, 101), (50, NAN)])

    def test_with_a_silent_part_is_not_known(self):
        total = sum_held([Series.of([0], [1]), EMPTY], hold_s=[60, 60])
        np.testing.assert_equal(listed(total), [(0, NAN)])

    def test_of_nothing_is_nothing(self):
        assert listed(sum_held([], hold_s=[])) == []


class TestGaps:
    def test_a_long_pause_becomes_a_gap(self):
        series = with_gaps(Series.of([0, 10, 100], [1, 2, 3]), longest_s=20)
        np.testing.assert_equal(listed(series), [(0, 1), (10, 2), (55, NAN), (100, 3)])

    @pytest.mark.parametrize("times", [[], [5], [0, 20]])
    def test_without_one_nothing_changes(self, times):
        series = with_gaps(Series.of(times, times), longest_s=20)
        assert series.times.tolist() == times


class TestBuckets:
    def test_are_half_open_and_empty_ones_unknown(self):
        series = Series.of([0, 4, 5, 14.9, 15], [1, 3, 10, 7, 99])
        means = bucket_means(series, start=0, end=15, buckets=3)
        np.testing.assert_equal(means, [2, 10, 7])
        means = bucket_means(series, start=15, end=35, buckets=2)
        np.testing.assert_equal(means, [99, NAN])

    def test_leave_out_what_is_not_known(self):
        means = bucket_means(Series.of([0, 1], [NAN, 4]), start=0, end=2, buckets=1)
        assert means.tolist() == [4]


class TestThinned:
    def test_few_points_stay_as_they_are(self):
        series = Series.of([0, 1, 2], [1, 2, 3])
        assert thinned(series, points=3) is series

    def test_many_become_means(self):
        series = Series.of(list(range(1000)), [5.0] * 1000)
        few = thinned(series, points=10)
        assert few.values.tolist() == [5.0] * 10
        assert np.all(np.diff(few.times) > 0)
