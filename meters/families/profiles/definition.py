"""What a profile declares, and reading it from TOML with one sentence for a fault."""

from typing import Any
from zoneinfo import available_timezones

import msgspec

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to
from meters.families.profiles.paths import PathError, steps_of
from meters.families.profiles.topics import TopicError, compiled


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
        raise ProfileError(f"{where}: {error}.") from None
    check(profile, where=where)
    return profile


def check(profile: Profile, *, where: str) -> None:
    """Raise ProfileError where the profile names what is not there."""
    try:
        for topic in profile.topics:
            compiled(topic)
        for path in _paths(profile):
            steps_of(path)
    except (PathError, TopicError) as error:
        raise ProfileError(f"{where}: {error}") from None
    for problem in _problems(profile):
        raise ProfileError(f"{where}: {problem}")


def _paths(profile: Profile) -> list[str]:
    named = [*profile.recognise, profile.device.path, profile.device.channel]
    named += [profile.each, *profile.extra.values()]
    named += [profile.time.path] if profile.time else []
    for _, source in profile.sources():
        named += [source.path, source.minus]
    return [path.removeprefix("$.") for path in named]


def _problems(profile: Profile) -> Any:
    if not profile.name or not profile.name.replace("-", "").isalnum():
        yield "name must be made of letters, digits and hyphens."
    if not profile.topics and not profile.recognise:
        yield "topics or recognise must say which messages are meant."
    if profile.family:
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
    time = profile.time
    if time is not None and time.zone and time.zone not in available_timezones():
        yield f"time.zone: there is no zone “{time.zone}”."
    has_device = profile.device.path or all("{device" in t for t in profile.topics)
    if not has_device or (profile.recognise and not profile.device.path):
        yield "device.path is missing, and the topics have no {device}."
