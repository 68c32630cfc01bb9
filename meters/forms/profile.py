"""The form in which a person says what a device's messages mean."""

import re
from typing import Any

import msgspec
import tomli_w
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _now, gettext_lazy as _

from meters.families import Message
from meters.families.profiles import Profile, ProfileError, read_profile
from meters.families.profiles.definition import Place, Source, Time, check
from meters.families.profiles.mapping import Found, source_of, written
from meters.families.registry import built_in_families
from meters.models import Profile as StoredProfile

_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")
# Of a definition, what the form shows; the rest stays as it is.
_IN_THE_FORM = frozenset({"name", "topics", "device", "time", "quantities"})


class ProfileForm(forms.Form):
    """Name, topic, device and time; the rows of values beside, or all of it as TOML."""

    name = forms.SlugField(
        label=_("Name"),
        max_length=40,
        help_text=_("Letters, digits and hyphens: the family of its meters."),
    )
    topic = forms.CharField(
        label=_("Topic"),
        max_length=300,
        help_text=_("{device} stands for the device, {} for what does not matter."),
    )
    device = forms.CharField(
        label=_("Device id in the message"),
        max_length=200,
        required=False,
        help_text=_("A path like data.sn. Empty: it is {device} of the topic."),
    )
    time = forms.CharField(
        label=_("Time in the message"),
        max_length=200,
        required=False,
        help_text=_("A path. Empty: the time of receipt."),
    )
    time_format = forms.CharField(
        label=_("Format of the time"),
        max_length=60,
        required=False,
        help_text=_("Like %Y%m%d%H%M%S. Empty: seconds or milliseconds, or ISO 8601."),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        base: Profile,
        fixed_name: str = "",
    ) -> None:
        """
        Parameters
        ----------
        base : Profile
            What is filled in; what the form has no field for is taken from it.
        fixed_name : str
            The name, where it must stay.
        """
        time = base.time or Time("")
        initial = {
            "name": fixed_name or base.name,
            "topic": base.topics[0] if base.topics else "",
            "device": base.device.path,
            "time": time.path,
            "time_format": time.format,
        }
        super().__init__(data, initial=initial)
        self.base = base
        # A profile may know its messages by their look alone.
        self.fields["topic"].required = not base.recognise
        if fixed_name:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _(
                "It is the family of meters that are there: it stays."
            )

    def profile(self, rows: list[Found]) -> Profile:
        """Return the profile; raise ProfileError where it cannot be used."""
        given, base = self.cleaned_data, self.base
        zone = base.time.zone if base.time else ""
        made = msgspec.structs.replace(
            base,
            name=given["name"],
            topics=[topic for topic in (given["topic"], *base.topics[1:]) if topic],
            device=Place(given["device"], base.device.channel),
            time=Time(given["time"], given["time_format"], zone)
            if given["time"]
            else None,
            quantities=_quantities(rows),
        )
        check(made, where=made.name)
        return made


def _quantities(rows: list[Found]) -> dict[str, Source | list[Source]]:
    """Return the sources of each quantity; of several the first that is there is it."""
    found: dict[str, list[Source]] = {}
    for row in rows:
        if row.quantity:
            found.setdefault(row.quantity, []).append(source_of(row))
    return {
        name: items if len(items) > 1 else items[0] for name, items in found.items()
    }


def rows_given(given: QueryDict) -> list[Found]:
    """Return the rows of values as they were posted."""
    columns = [given.getlist(name) for name in Found._fields]
    return [
        Found(*(column[number] if number < len(column) else "" for column in columns))
        for number in range(len(columns[0]))
    ]


def given_profile(
    given: QueryDict, form: ProfileForm, *, fixed_name: str = ""
) -> tuple[Profile | None, str]:
    """Return the profile, or the one sentence of what is wrong with it."""
    try:
        if given.get("use_toml"):
            profile = read_profile(given.get("toml", ""), where="TOML")
        elif form.is_valid():
            profile = form.profile(rows_given(given))
        else:
            name, problems = next(iter(form.errors.items()))
            return None, f"{form.fields[name].label}: {problems[0]}"
    except ProfileError as error:
        return None, str(error)
    problem = _refusal(profile, fixed_name)
    return (None, problem) if problem else (profile, "")


def _refusal(profile: Profile, fixed_name: str) -> str:
    """Return why a profile that can be read may not be stored; else nothing."""
    families = {family.name for family in built_in_families()}
    if fixed_name and profile.name != fixed_name:
        return _now(
            "name: it must stay “%(name)s”, which is the family of meters that are"
            " there."
        ) % {"name": fixed_name}
    if profile.name in families:
        return _now("name: A family that is built in has this name.")
    if not _NAME.fullmatch(profile.name):
        return _now("name: it must be made of at most 40 letters, digits and hyphens.")
    if profile.family and profile.family not in families:
        return _now("family: there is no family “%(name)s”.") % {"name": profile.family}
    return ""


def beyond_the_form(profile: Profile) -> list[str]:
    """Return the keys of a definition that the form leaves as they are."""
    keys = [key for key in written(profile) if key not in _IN_THE_FORM]
    return ["topics", *keys] if len(profile.topics) > 1 else keys


def toml_of(profile: Profile) -> str:
    """Return the profile as TOML."""
    return tomli_w.dumps(written(profile))


def save(
    profile: Profile,
    *,
    text: str,
    stored: StoredProfile | None,
    example: Message,
    user: Any,
) -> StoredProfile:
    """
    Store a profile under its name, with a message that it was tried on.

    Parameters
    ----------
    text : str
        The definition as somebody has written it; empty where it comes of the form.
    """
    if stored is None:
        stored = StoredProfile(made_by=user)
    stored.name = profile.name
    stored.definition = text or toml_of(profile)
    if example.payload:
        stored.example_topic, stored.example_payload = example.topic, example.payload
    stored.save()
    return stored
