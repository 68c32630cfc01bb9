"""What people ask of outputs, and how these are set up."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meters.domain.commands import MOST_OUTPUTS
from meters.models import Command, Lockout, Output
from meters.services.request_command import Request


class CommandForm(forms.Form):
    """One command."""

    action = forms.ChoiceField(choices=Command.Action.choices)
    output = forms.IntegerField(required=False, min_value=1, max_value=MOST_OUTPUTS)
    interval_s = forms.FloatField(required=False)
    typed = forms.CharField(required=False, max_length=200)

    @property
    def request(self) -> Request:
        return Request(**self.cleaned_data)


class LockoutForm(forms.ModelForm):  # type: ignore[type-arg]
    """Why an output must not be switched, and for how long."""

    class Meta:
        model = Lockout
        fields = ["reason", "until"]
        widgets = {
            "until": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
        }
        help_texts = {
            "reason": _("Shown on every page of the site until it is lifted."),
            "until": _("In the zone of the site. Empty: until it is lifted."),
        }

    def __init__(self, data: Any, *, zone: ZoneInfo, now: datetime) -> None:
        self.zone, self.now = zone, now
        super().__init__(data)

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until is None:
            return None
        # The form read the wall clock in the server's zone.
        wall = until.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
        until = wall.replace(tzinfo=self.zone)
        if until <= self.now:
            raise forms.ValidationError(_("This time is over already."))
        return until

    def _post_clean(self) -> None:
        # The service writes the row, with what the form does not know.
        pass


class OutputForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an output switches, and what it lets through."""

    class Meta:
        model = Output
        fields = [
            "number",
            "name",
            "off_only",
            "typed_confirmation",
            "needs_approval",
            "minimum_on_s",
            "minimum_off_s",
        ]

    def __init__(self, data: Any, *, instance: Output) -> None:
        super().__init__(data, instance=instance)
        if instance.pk:
            # The device's number, by which it was made.
            del self.fields["number"]
        for name in ("minimum_on_s", "minimum_off_s"):
            # 60 rather than 60.0
            self.initial[name] = f"{getattr(instance, name):g}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number = cleaned.get("number")
        same = Output.objects.filter(meter=self.instance.meter)
        if number and same.filter(number=number).exists():
            self.add_error("number", _("This output is there already."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        if self.instance.pk and commit:
            # How it stands is ingest's and the worker's to write, at the same time.
            self.instance.save(update_fields=[*self.fields])
            return self.instance
        return super().save(commit)
