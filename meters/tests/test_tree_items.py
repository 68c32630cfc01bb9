"""The drawn distribution tree: lines, levels, and what no meter below shows."""

from datetime import UTC, datetime, timedelta

from meters.models import Meter
from meters.queries.newest import NewestValues
from meters.queries.tree import tree_items, tree_rows

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def meter(pk, name, parent=None, **fields):
    return Meter(pk=pk, name=name, parent_id=parent, **fields)


def items(*meters, powers=None, ages=None):
    newest = {
        pk: NewestValues(
            NOW - timedelta(seconds=(ages or {}).get(pk, 1)),
            {"active_power": power},
            {},
        )
        for pk, power in (powers or {}).items()
    }
    return tree_items(tree_rows(meters, newest=newest, now=NOW))


PLANT = [
    meter(1, "Incomer"),
    meter(2, "Paint", 1),
    meter(3, "Oven", 2),
    meter(4, "Press", 1),
]


def drawn(found):
    """Return each line as one would draw it."""
    return [
        "".join("| " if guide else "  " for guide in item.guides[1:])
        + ("" if not item.guides else "`-" if item.is_last else "|-")
        + ("rest" if item.is_rest else item.row.meter.name)
        for item in found
    ]


def test_every_branch_ends_with_its_rest():
    assert drawn(items(*PLANT)) == [
        "Incomer",
        "|-Paint",
        "| |-Oven",
        "| `-rest",
        "|-Press",
        "`-rest",
    ]


def test_levels_count_from_one():
    assert [item.level for item in items(*PLANT)] == [1, 2, 3, 3, 2, 2]


def test_a_gas_meter_below_has_no_part_in_the_rest():
    found = items(
        meter(1, "Incomer"), meter(2, "Gas", 1, medium="gas"), powers={1: 5.0}
    )
    assert drawn(found) == ["Incomer", "`-Gas"]


def test_the_rest_is_what_the_meters_below_do_not_show():
    powers = {1: 100.0, 2: 60.0, 3: 50.0, 4: 30.0}
    assert [i.rest for i in items(*PLANT, powers=powers) if i.is_rest] == [10.0, 10.0]


def test_the_rest_is_not_known_from_a_stale_meter():
    powers = {1: 100.0, 2: 60.0, 3: 50.0, 4: 30.0}
    found = items(*PLANT, powers=powers, ages={4: 3600})
    assert [item.rest for item in found if item.is_rest] == [10.0, None]


def test_no_meters_draw_nothing():
    assert items() == []


def test_five_hundred_meters_are_laid_out_at_once():
    plant = [meter(1, "Incomer")]
    plant += [meter(n, f"M{n:03}", 1 if n < 20 else n % 18 + 2) for n in range(2, 501)]
    assert len([item for item in items(*plant) if not item.is_rest]) == 500
