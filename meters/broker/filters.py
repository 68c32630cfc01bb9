"""Topic filters of MQTT: what they hear, and whether two hear the same."""

import re
from collections.abc import Callable, Iterable


def matcher(filters: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a topic is heard by one of the filters."""
    expressions = [_expression(each) for each in filters]
    if not expressions:
        return lambda _topic: False
    pattern = re.compile("|".join(expressions), re.DOTALL)
    return lambda topic: pattern.fullmatch(topic) is not None


def overlap(one: str, other: str) -> bool:
    """Tell whether there are topics that both filters hear."""
    first, second = one.split("/"), other.split("/")
    for a, b in zip(first, second, strict=False):
        if "#" in (a, b):
            return True
        if a != b and "+" not in (a, b):
            return False
    longer = max(first, second, key=len)[min(len(first), len(second)) :]
    # What ends with /# hears the topic before it too.
    return longer in ([], ["#"])


def _expression(filter_: str) -> str:
    parts = ["[^/]*" if part == "+" else re.escape(part) for part in filter_.split("/")]
    if filter_ == "#":
        # Those of the broker itself are never meant.
        return r"(?!\$).*"
    if filter_.endswith("/#"):
        return "/".join(parts[:-1]) + "(?:/.*)?"
    return "/".join(parts)
