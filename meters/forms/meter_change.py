"""Where a meter goes, or that its service ends, and since when."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meters.forms.claim_meter import ParentField, ParentSelect, feeders
from meters.models import Meter, Site, User
from meters.queries.access import managed_sites, meters_below


class MeterChangeForm(forms.Form):
    """What every change has; times are of the site, which the view has switched to."""

    at = forms.DateTimeField(
        label=_("Since"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(
        self, data: Any, *, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"at": now, **(initial or {})})
        self._now = now

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > self._now:
            raise forms.ValidationError(_("That is in the future."))
        return at


class RetireMeterForm(MeterChangeForm):
    """The end of a meter's service."""

    prefix = "retire"


class MoveMeterForm(MeterChangeForm):
    """Another place in the distribution, or another site."""

    prefix = "move"

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), empty_label=None
    )
    parent = ParentField(
        label=_("Fed from"),
        queryset=Meter.objects.none(),
        required=False,
        empty_label=_("nothing: it is an incomer"),
        widget=ParentSelect,
    )

    field_order = ["site", "parent", "at", "reason"]

    def __init__(self, data: Any, *, meter: Meter, user: User, now: datetime) -> None:
        super().__init__(
            data, now=now, initial={"site": meter.site, "parent": meter.parent}
        )
        sites = managed_sites(user=user, now=now)
        parents = feeders(sites).exclude(pk__in=meters_below([meter.pk]))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]
