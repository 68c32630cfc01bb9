"""The form in which a person says what a device's messages mean."""

from typing import Any

import tomli_w
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from meters.domain.units import UnknownUnitError
from meters.families.profiles import Profile, ProfileError, read_profile
from meters.families.profiles.definition import Place, Source, Time, check
from meters.families.profiles.drafting import Found, source, written
from meters.families.registry import built_in_families
from meters.models import Profile as StoredProfile


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

    @classmethod
    def of(cls, profile: Profile) -> "ProfileForm":
        """Return the form with a profile filled in."""
        time = profile.time or Time("")
        return cls(
            initial={
                "name": profile.name,
                "topic": profile.topics[0] if profile.topics else "",
                "device": profile.device.path,
                "time": time.path,
                "time_format": time.format,
            }
        )

    def profile(self, rows: list[Found]) -> Profile:
        """Return the profile; raise ProfileError where it cannot be used."""
        given = self.cleaned_data
        made = Profile(
            name=given["name"],
            topics=[given["topic"]],
            device=Place(given["device"]),
        )
        if given["time"]:
            made.time = Time(given["time"], given["time_format"])
        for row in rows:
            if row.quantity:
                made.quantities[row.quantity] = _source(row)
        check(made, where=given["name"])
        return made

    def clean_name(self) -> str:
        """Refuse the name of a family that is built in."""
        name: str = self.cleaned_data["name"]
        if any(family.name == name for family in built_in_families()):
            raise forms.ValidationError(_("A family that is built in has this name."))
        return name


def _source(row: Found) -> Source:
    try:
        return source(row.path, row.unit, row.quantity)
    except (KeyError, UnknownUnitError):
        raise ProfileError(f"{row.path}: there is no {row.quantity}.") from None


def rows_of(given: QueryDict) -> list[Found]:
    """Return the rows of values as they were posted."""
    columns = (given.getlist(name) for name in ("path", "value", "quantity", "unit"))
    return [Found(*row) for row in zip(*columns, strict=False)]


def given_profile(given: QueryDict) -> tuple[ProfileForm, Profile | None, str]:
    """Return form, profile, and the one sentence of what is wrong with it."""
    form = ProfileForm(given)
    try:
        if given.get("use_toml"):
            return form, read_profile(given.get("toml", ""), where="TOML"), ""
        if form.is_valid():
            return form, form.profile(rows_of(given)), ""
    except ProfileError as error:
        return form, None, str(error)
    name, problems = next(iter(form.errors.items()))
    label, problem = form.fields[name].label, problems[0]
    return form, None, f"{label}: {problem}"


def toml_of(profile: Profile) -> str:
    """Return the profile as TOML."""
    return tomli_w.dumps(written(profile))


def save(profile: Profile, *, stored: StoredProfile | None, user: Any) -> StoredProfile:
    """Store a profile under its name."""
    if stored is None:
        stored = StoredProfile(made_by=user)
    stored.name = profile.name
    stored.definition = toml_of(profile)
    stored.enabled = True
    stored.save()
    return stored
