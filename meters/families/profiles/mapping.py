"""What a profile takes of a message, laid beside all that the message holds."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from meters.domain.quantities import BY_NAME
from meters.families import values
from meters.families.message import UnusableMessageError
from meters.families.profiles.definition import Profile, ProfileError, Records, Source
from meters.families.profiles.paths import PathError, getter, path_of, steps_of
from meters.families.profiles.topics import compiled

MOST_VALUES = 80
_LONGEST_SHOWN = 60


class Found(NamedTuple):
    """A value that stands in a message, and what it is taken for."""

    path: str
    value: str
    # Of the table, with its unit; empty where it is taken for nothing.
    quantity: str
    unit: str
    # What is subtracted from it.
    minus: str = ""
    # What it is multiplied by; empty is 1.
    factor: str = ""
    # Values that mean "no value", with commas between.
    missing: str = ""


def source(path: str, unit: str, quantity: str) -> Source:
    """Return a source; the table's own unit goes without saying."""
    return Source(path, unit=None if unit in {"", BY_NAME[quantity].unit} else unit)


def source_of(row: Found) -> Source:
    """
    Return the source that a row says.

    Raises
    ------
    ProfileError
        The row says something that cannot be; the sentence names the quantity.
    """
    try:
        made = source(row.path, row.unit, row.quantity)
    except KeyError:
        raise ProfileError(
            f"quantities.{row.quantity}: there is no such quantity."
        ) from None
    try:
        if row.factor:
            made.factor = float(row.factor)
    except ValueError:
        raise ProfileError(
            f"quantities.{row.quantity}: factor “{row.factor}” is no number."
        ) from None
    made.minus = row.minus
    made.missing = _listed(row.missing)
    return made


def written(profile: Profile) -> dict[str, Any]:
    """Return the profile as plain tables, to be written as TOML."""
    plain: dict[str, Any] = msgspec.to_builtins(profile)
    return {key: value for key, value in plain.items() if value not in ({}, [], "")}


def taken(profile: Profile) -> list[Found]:
    """Return what a profile takes, without values."""
    return [
        Found(
            item.path,
            "",
            name,
            item.unit or BY_NAME[name].unit,
            item.minus,
            "" if item.factor == 1 else f"{item.factor:.12g}",
            _joined(item.missing),
        )
        for name, item in profile.sources()
    ]


def beside(
    rows: Sequence[Found], profile: Profile, topics: Sequence[str], payload: bytes
) -> list[Found]:
    """
    Return the rows with their values in a message, then what else it holds.

    Parameters
    ----------
    topics : sequence of str
        The message's own first; of others a last part may be a quantity too.
    """
    held = _held(profile, topics, payload)
    item = _first_item(profile, payload)
    by_name = _scalar_topic(profile) or profile.records
    known = {
        place if by_name else _steps(place)
        for row in rows
        for place in (row.path, row.minus)
    }
    others = (
        Found(path, value, "", "")
        for path, value in held.items()
        if (path if by_name else _steps(path)) not in known
    )
    valued = [
        row._replace(value=held.get(row.path) or ("" if by_name else _at(item, row)))
        for row in rows
    ]
    return [*valued, *islice(others, max(0, MOST_VALUES - len(rows)))]


def leaves(
    content: Any, steps: tuple[str | int, ...] = ()
) -> Iterator[tuple[str, str, Any]]:
    """Yield (path, last key, value) of everything that is neither list nor object."""
    if len(steps) > 8:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, (*steps, str(key)))
    elif isinstance(content, list):
        for number, value in enumerate(content[:20]):
            yield from leaves(value, (*steps, number))
    elif content is not None and content != "":
        key = next((step for step in reversed(steps) if isinstance(step, str)), "")
        yield path_of(steps), key, content


def shown(value: object) -> str:
    return str(value)[:_LONGEST_SHOWN]


def _listed(text: str) -> list[float | str]:
    """Return the values between the commas: numbers, and texts where they are none."""
    found: list[float | str] = []
    for line in csv.reader(text.splitlines(), skipinitialspace=True):
        for item in filter(None, map(str.strip, line)):
            number = values.number(item)
            found.append(item if number is None else number)
    return found


def _joined(missing: Sequence[float | str]) -> str:
    return ", ".join(
        f"{item:.12g}" if isinstance(item, float) else _quoted(item) for item in missing
    )


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def _held(profile: Profile, topics: Sequence[str], payload: bytes) -> dict[str, str]:
    """Return the values of a message by the name that a profile has for their place."""
    scalar = _scalar_topic(profile)
    if scalar:
        return _held_by_topics(scalar, topics, payload)
    item = _first_item(profile, payload)
    if profile.records is not None:
        return _held_by_records(profile.records, item)
    if not isinstance(item, dict | list):
        return {}
    return {path: shown(value) for path, _, value in islice(leaves(item), MOST_VALUES)}


def _held_by_topics(
    pattern: str, topics: Sequence[str], payload: bytes
) -> dict[str, str]:
    held: dict[str, str] = {}
    for number, topic in enumerate(topics):
        match = compiled(pattern).fullmatch(topic)
        if match:
            text = "" if number else payload.decode("utf-8", "replace")
            held.setdefault(match["quantity"], shown(text))
    return held


def _held_by_records(records: Records, item: Any) -> dict[str, str]:
    listed = getter(records.path)(item)
    return {
        str(record.get(records.key)): shown(record.get(records.value))
        for record in (listed if isinstance(listed, list) else [])
        if isinstance(record, dict)
    }


def _scalar_topic(profile: Profile) -> str:
    return next((topic for topic in profile.topics if "{quantity" in topic), "")


def _first_item(profile: Profile, payload: bytes) -> Any:
    """Return the first instant of a message, as far as it is JSON."""
    try:
        content = values.tolerant_json(payload)
    except UnusableMessageError:
        return None
    if not profile.each:
        return content
    found = getter(profile.each)(content)
    return next(iter(found), None) if isinstance(found, list) else found


def _at(item: Any, row: Found) -> str:
    steps = _steps(row.path)
    value = getter(path_of(steps))(item) if steps else None
    return "" if value is None else shown(value)


def _steps(path: str) -> tuple[str | int, ...]:
    try:
        return steps_of(path.removeprefix("$."))
    except PathError:
        return ()
