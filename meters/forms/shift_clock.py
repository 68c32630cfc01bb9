from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meters.services.shift_clock import MOST_SHIFT_MIN


class ShiftClockForm(forms.Form):
    """By how much a meter's clock is off, and since when; times are of the site."""

    shift = forms.IntegerField(
        label=_("Minutes to add"),
        min_value=-MOST_SHIFT_MIN,
        max_value=MOST_SHIFT_MIN,
        help_text=_(
            "To the device's own times: −60 where it is set an hour ahead. 0 takes a"
            " shift back."
        ),
    )
    since = forms.DateTimeField(
        label=_("Since"),
        help_text=_("By the device's own clock. What came before stays as it is."),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        ),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
    )

    def __init__(
        self, data: Any, *, shift: int, since: datetime, now: datetime
    ) -> None:
        super().__init__(data, initial={"shift": shift, "since": since})
        self._now = now

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if since > self._now:
            raise forms.ValidationError(_("That is in the future."))
        return since
