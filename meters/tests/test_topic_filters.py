import pytest

from meters.broker.filters import matcher, overlap


@pytest.mark.parametrize(
    ("filter_", "heard", "unheard"),
    [
        ("a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/c/d", "x/a/b/c"]),
        ("a/#", ["a", "a/b", "a/b/c"], ["ab", "b/a"]),
        ("#", ["a", "/a", "a\nb"], ["$SYS/uptime"]),
        ("+/+", ["/a", "a/b"], ["a"]),
        ("a.b/c", ["a.b/c"], ["axb/c"]),
    ],
)
def test_a_filter_hears_what_mqtt_says(filter_, heard, unheard):
    hears = matcher(["no/thing", filter_])
    assert [topic for topic in heard if not hears(topic)] == []
    assert [topic for topic in unheard if hears(topic)] == []


def test_no_filter_hears_nothing():
    assert not matcher([])("a")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/+", "+/b", True),
        ("a/+", "b/+", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("#", "x/y", True),
        ("a/+/#", "a", False),
    ],
)
def test_two_filters_overlap_where_one_topic_is_heard_by_both(one, other, expected):
    assert overlap(one, other) == expected
    assert overlap(other, one) == expected
