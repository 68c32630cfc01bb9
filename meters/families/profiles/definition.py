"""What a profile declares, and reading it from TOML with one sentence for a fault."""

import math
import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import available_timezones

import msgspec

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to
from meters.families.profiles.paths import PathError, steps_of
from meters.families.profiles.topics import TopicError, compiled

_AT_KEY = re.compile(r"(.*) - at `\$\.?(.+)`")


class ProfileError(ValueError):
    """The profile cannot be used; the text is one sentence that names the place."""


class Source(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where a quantity's value stands, and what makes it one of the table."""

    # In the message, or in a record.
    path: str = ""
    # Of which the value is subtracted: import − export.
    minus: str = ""
    unit: str | None = None
    factor: float = 1.0
    # Values that mean "no value", besides those of the whole profile.
    missing: list[float | str] = []


class Records(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A list of records that name their quantity: {"id": 5, "val": 230.1}."""

    path: str
    key: str
    value: str
    unit: str = ""
    # A record counts where this is one of `good`.
    quality: str = ""
    good: list[str | int] = []


class Place(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the device's id stands; without a path it is {device} of the topic."""

    path: str = ""
    # Appended with a slash, where a device has several circuits.
    channel: str = ""


class Time(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the device's time stands, and how it is written."""

    path: str
    # "" is seconds or milliseconds since 1970 or ISO 8601; else as strptime has it.
    format: str = ""
    # Of times that name none; "" is the site's.
    zone: str = ""


class Condition(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Which messages hold values: where `path` is one of `values`."""

    path: str
    values: list[str | float | bool]


class Profile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A device's messages, as docs/reference/profiles.md has it."""

    name: str
    title: str = ""
    topics: list[str] = []
    # Paths that must be there for a message of any topic to be known by its look.
    recognise: list[str] = []
    # Leave decoding to this family; only topics are declared.
    family: str = ""
    device: Place = msgspec.field(default_factory=Place)
    time: Time | None = None
    # A list of instants, each with the paths below; "$." reaches the whole message.
    each: str = ""
    only: Condition | None = None
    missing: list[float | str] = []
    records: Records | None = None
    # By quantity; of records and of topics with {quantity}, `path` is the name there.
    quantities: dict[str, Source | list[Source]] = {}
    # Kept beside the quantities: name = path.
    extra: dict[str, str] = {}

    def sources(self) -> list[tuple[str, Source]]:
        """Return every quantity with its sources; the first that is there counts."""
        return [
            (quantity, source)
            for quantity, found in self.quantities.items()
            for source in (found if isinstance(found, list) else [found])
        ]


def read_profile(text: bytes | str, *, where: str) -> Profile:
    """
    Return the profile of a TOML text.

    Raises
    ------
    ProfileError
        It cannot be used; the sentence names `where` and the key.
    """
    try:
        profile = msgspec.toml.decode(text, type=Profile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{where}: {_key_first(str(error))}.") from None
    check(profile, where=where)
    return profile


def check(profile: Profile, *, where: str) -> None:
    """Raise ProfileError where the profile names what is not there."""
    for problem in (*_unreadable(profile), *_problems(profile)):
        raise ProfileError(f"{where}: {problem}")


def _key_first(error: str) -> str:
    match = _AT_KEY.fullmatch(error)
    return f"{match[2]}: {match[1]}" if match else error


def _unreadable(profile: Profile) -> Iterator[str]:
    """Yield what is wrong with how topics and paths are written."""
    for topic in profile.topics:
        try:
            compiled(topic)
        except TopicError as error:
            yield f"topics: {error}"
    for key, path in _paths(profile):
        try:
            steps_of(path.removeprefix("$."))
        except PathError as error:
            yield f"{key}: {error}"


def _paths(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield every path with the key that it stands under."""
    yield from (("recognise", path) for path in profile.recognise)
    yield "device.path", profile.device.path
    yield "device.channel", profile.device.channel
    yield "each", profile.each
    yield from ((f"extra.{name}", path) for name, path in profile.extra.items())
    if profile.time is not None:
        yield "time.path", profile.time.path
    if profile.only is not None:
        yield "only.path", profile.only.path
    if profile.records is not None:
        yield "records.path", profile.records.path
    for quantity, source in profile.sources():
        # Of records it is a name.
        if profile.records is None:
            yield f"quantities.{quantity}", source.path
        yield f"quantities.{quantity}", source.minus


def _problems(profile: Profile) -> Iterator[str]:
    if not profile.name or not profile.name.replace("-", "").isalnum():
        yield "name must be made of letters, digits and hyphens."
    if not profile.topics and not profile.recognise:
        yield "topics or recognise must say which messages are meant."
    if profile.family:
        if profile.quantities:
            yield "quantities: they are left to the family."
        return
    if not profile.quantities:
        yield "quantities is empty."
    for quantity, source in profile.sources():
        if quantity not in BY_NAME:
            yield f"quantities.{quantity}: there is no such quantity."
            return
        if not source.path and not any("{quantity" in t for t in profile.topics):
            yield f"quantities.{quantity}: path is missing."
        try:
            if source.unit is not None:
                factor_to(quantity, source.unit)
        except UnknownUnitError as error:
            yield f"quantities.{quantity}: {error}"
        if not math.isfinite(source.factor) or source.factor == 0:
            yield f"quantities.{quantity}: factor must be a number other than 0."
    time = profile.time
    if time is not None and time.zone and time.zone not in available_timezones():
        yield f"time.zone: there is no zone “{time.zone}”."
    if time is not None and not _is_format(time.format):
        yield f"time.format: “{time.format}” is no format as strptime has it."
    has_device = profile.device.path or all("{device" in t for t in profile.topics)
    if not has_device or (profile.recognise and not profile.device.path):
        yield "device.path is missing, and the topics have no {device}."


def _is_format(text: str) -> bool:
    try:
        datetime.strptime("", text)  # noqa: DTZ007
    except re.error:
        # The same directive twice.
        return False
    except ValueError as error:
        return "does not match format" in str(error)
    return True
