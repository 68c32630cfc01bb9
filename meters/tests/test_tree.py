"""The order of the distribution tree."""

from types import SimpleNamespace

import pytest

from meters.queries.tree import in_tree_order


class Meter(SimpleNamespace):
    def __str__(self):
        return self.name


def meter(pk, name, parent=None):
    return Meter(pk=pk, name=name, parent_id=parent)


def order(*meters):
    return [(str(item), depth) for item, depth in in_tree_order(meters)]


def test_each_stands_below_its_parent_and_siblings_by_name():
    meters = [
        meter(1, "Main"),
        meter(2, "press", 1),
        meter(3, "Paint", 1),
        meter(4, "Robot", 3),
        meter(5, "A second incomer"),
    ]
    assert order(*meters) == [
        ("A second incomer", 0),
        ("Main", 0),
        ("Paint", 1),
        ("Robot", 2),
        ("press", 1),
    ]


def test_one_whose_parent_is_not_visible_is_a_root():
    assert order(meter(2, "Feeder", 1), meter(3, "Press", 2)) == [
        ("Feeder", 0),
        ("Press", 1),
    ]


def test_parents_that_hang_below_themselves_are_shown_all_the_same():
    found = order(meter(1, "One", 2), meter(2, "Two", 1), meter(3, "Main"))
    assert sorted(found) == [("Main", 0), ("One", 0), ("Two", 1)]


@pytest.mark.parametrize("depth", [2000])
def test_a_very_deep_tree_is_no_problem(depth):
    meters = [meter(n, f"m{n}", n - 1 if n else None) for n in range(depth)]
    assert len(order(*meters)) == depth
