from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from meters.models import User


def _zones() -> list[tuple[str, str]]:
    # "posix/…" and one-word legacy names are the same zones under other names.
    names = sorted(
        name for name in available_timezones() if "/" in name and name[0].isupper()
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class FirstAdministratorForm(forms.Form):
    """The first organisation, site and person of an empty portal."""

    organisation = forms.CharField(label=_("Organisation"), max_length=200)
    site_name = forms.CharField(
        label=_("First site"),
        max_length=200,
        help_text=_("A plant, a building, a campus. More can follow."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        help_text=_("Days, months and bills of the site go by it."),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text=_("You log in with it."),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            person = User(
                email=cleaned.get("email", ""), first_name=cleaned.get("name", "")
            )
            try:
                validate_password(cleaned["password"], user=person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned
