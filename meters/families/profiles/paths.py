"""Paths into JSON: ``data.P``, ``Datas[0][2]``, ``["ts "]``, ``d.@json.value``."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

Getter = Callable[[Any], Any]

_STEP = re.compile(r'\.?([^.\[\]]+)|\[(-?\d+)\]|\["((?:[^"\\]|\\.)*)"\]')
# The value before it is a text that holds JSON.
_JSON = "@json"


class PathError(ValueError):
    """The path cannot be read; the text is one sentence."""


def steps_of(path: str) -> tuple[str | int, ...]:
    """Return keys and positions of a path; "" and "$" are the whole message."""
    if path in {"", "$"}:
        return ()
    found: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise PathError(
                f"The path “{path}” cannot be read from “{path[position:]}”."
            )
        key, index, quoted = match.groups()
        if index is not None:
            found.append(int(index))
        else:
            found.append(key if key is not None else _unquoted(path, quoted))
        position = match.end()
    return tuple(found)


def _unquoted(path: str, quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"'))
    except json.JSONDecodeError:
        raise PathError(f"The path “{path}” has a key that JSON cannot read.") from None


def path_of(steps: tuple[str | int, ...]) -> str:
    """Return the path of these keys and positions; the inverse of `steps_of`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[^.\[\]\s\"]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def getter(path: str) -> Getter:
    """Return a function that finds the path's value in decoded JSON, else None."""
    steps = steps_of(path)
    if len(steps) == 1 and isinstance(steps[0], str) and steps[0] != _JSON:
        return _of_key(steps[0])

    def find(content: Any) -> Any:
        for step in steps:
            content = _follow(content, step)
            if content is None:
                return None
        return content

    return find


def _of_key(key: str) -> Getter:
    def find(content: Any) -> Any:
        return content.get(key) if isinstance(content, dict) else None

    return find


def _follow(content: Any, step: str | int) -> Any:
    if isinstance(step, int):
        if isinstance(content, list) and -len(content) <= step < len(content):
            return content[step]
        return None
    if step == _JSON:
        return _decoded(content)
    return content.get(step) if isinstance(content, dict) else None


def _decoded(content: Any) -> Any:
    if not isinstance(content, str):
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return None
