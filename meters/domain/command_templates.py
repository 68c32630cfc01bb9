"""Command templates: a topic and a payload with placeholders, and what a reply says.

How a site that holds a device's document adds its commands without code.
"""

import json
import re
from typing import Any, NamedTuple

# What may stand in braces.
PLACEHOLDERS = ("device", "output", "request", "topic_prefix", "interval_s", "on")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_WORD_IN_BRACES = re.compile(r"\{([A-Za-z_]+)\}")
# Would end a JSON string, or mean something to the broker.
_UNSAFE = re.compile(r'["\\+#\x00-\x1f\x7f]')
_LONGEST_TOPIC = 65_535


class TemplateError(ValueError):
    """The template cannot be used; the text is one sentence that says why."""


class Condition(NamedTuple):
    """A place in a JSON reply, and what must stand there."""

    path: tuple[str, ...]
    value: Any


def check_placeholders(text: str) -> None:
    """Raise TemplateError where a word in braces is no placeholder."""
    for name in _WORD_IN_BRACES.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{word}}}" for word in PLACEHOLDERS)
            raise TemplateError(f"{{{name}}} is no placeholder; these are: {known}.")


def check_topic(topic: str) -> None:
    """Raise TemplateError where this is no topic to publish to."""
    if not topic or topic.startswith("$") or re.search(r"[+#\x00]", topic):
        raise TemplateError(
            "A topic is not empty, has no + and no #, and does not begin with $."
        )
    if len(topic.encode()) > _LONGEST_TOPIC:
        raise TemplateError("The topic is too long.")


def fill(text: str, values: dict[str, str]) -> str:
    """
    Return the text with its placeholders filled in.

    Raises
    ------
    TemplateError
        A value is missing, or has characters that would change what the text means:
        device ids come from the network.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name, "")
        if not value:
            raise TemplateError(f"There is no value for {{{name}}} in this command.")
        if _UNSAFE.search(value):
            raise TemplateError(
                f"The value of {{{name}}} has characters that cannot be sent."
            )
        return value

    return _PLACEHOLDER.sub(value_of, text)


def parse_conditions(text: str) -> list[Condition]:
    """
    Read what a reply must say: a line each, ``path = value``.

    A path is names and positions with dots between (``result.0.code``); a value is
    JSON, or else plain text.

    Raises
    ------
    TemplateError
        A line is none.
    """
    conditions = []
    for line in filter(None, map(str.strip, text.splitlines())):
        path, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not path:
            raise TemplateError(f"“{line}” is not like: path = value.")
        try:
            expected = json.loads(value)
        except ValueError:
            expected = value
        conditions.append(Condition(tuple(path.split(".")), expected))
    return conditions


def meets(payload: bytes, conditions: list[Condition]) -> bool:
    """Return whether a reply says what is expected; without conditions any does."""
    if not conditions:
        return True
    try:
        reply = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return all(_holds(reply, condition) for condition in conditions)


def _holds(reply: Any, condition: Condition) -> bool:
    is_there, value = _at(reply, condition.path)
    # In Python, true is 1.
    same_kind = isinstance(value, bool) == isinstance(condition.value, bool)
    return is_there and same_kind and bool(value == condition.value)


def _at(reply: Any, path: tuple[str, ...]) -> tuple[bool, Any]:
    """Return whether there is something at the path, and what."""
    for step in path:
        if isinstance(reply, dict) and step in reply:
            reply = reply[step]
        elif isinstance(reply, list) and step.isdecimal() and int(step) < len(reply):
            reply = reply[int(step)]
        else:
            return False, None
    return True, reply
