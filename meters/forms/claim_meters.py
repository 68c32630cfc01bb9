"""Claiming many discovered meters at once: one row for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy as _

from meters.forms.claim_meter import MeterSettingsForm, feeders, prefilled
from meters.models import Meter, User
from meters.queries.access import managed_sites
from meters.services.claim_meters import Claim

# How a meter that is claimed in the same form stands among the parents.
_AMONG = "among-"


class _ParentSelect(forms.Select):
    """Each option says to which site it belongs, where that is settled."""

    site_of: Mapping[str, int] = {}

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        site = self.site_of.get(str(option["value"]))
        if site is not None:
            option["attrs"]["data-site"] = site
        return option


class ClaimRowForm(MeterSettingsForm):
    """One meter of those that are claimed together."""

    parent = forms.ChoiceField(
        label=_("Fed from"), required=False, widget=_ParentSelect
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parent, site = cleaned.get("parent", ""), cleaned.get("site")
        belongs_to = self.fields["parent"].widget.site_of.get(parent)
        if site and belongs_to is not None and belongs_to != site.pk:
            self.add_error("parent", _("That meter belongs to another site."))
        return cleaned

    @property
    def claim(self) -> Claim:
        """What the row says, once it is valid."""
        settings = dict(self.cleaned_data)
        chosen = settings.pop("parent")
        among = chosen.startswith(_AMONG)
        return Claim(
            meter_id=self.instance.pk,
            site=settings.pop("site"),
            name=settings.pop("name"),
            parent_id=int(chosen.removeprefix(_AMONG)) if chosen else None,
            parent_is_among=among,
            settings=settings,
        )


class ClaimMetersForm:
    """The rows of all meters, with the parents that each of them may have."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        meters: Sequence[Meter],
        user: User,
        sent: Mapping[int, Mapping[str, float]],
        now: datetime,
    ) -> None:
        self.sites = managed_sites(user=user, now=now)
        possible = list(feeders(self.sites))
        self._site_of = {str(meter.pk): meter.site_id for meter in possible}
        names = [(str(m.pk), f"{m.name} ({m.site})") for m in possible]
        among = [
            (f"{_AMONG}{m.pk}", gettext("new: %(device)s") % {"device": m.device_id})
            for m in meters
        ]
        self._parents = [("", gettext("nothing: an incomer")), *among, *names]
        self.rows = [self._row(data, meter, sent.get(meter.pk, {})) for meter in meters]

    def _row(
        self, data: QueryDict | None, meter: Meter, sent: Mapping[str, float]
    ) -> ClaimRowForm:
        row = ClaimRowForm(
            data,
            instance=meter,
            sites=self.sites,
            initial={"name": meter.device_id, **prefilled(sent)},
            prefix=str(meter.pk),
        )
        parent: Any = row.fields["parent"]
        own = f"{_AMONG}{meter.pk}"
        parent.choices = [choice for choice in self._parents if choice[0] != own]
        parent.widget.site_of = self._site_of
        for field in row.fields.values():
            # The columns have the labels; a reader of the page hears this.
            field.help_text = ""
            field.widget.attrs["aria-label"] = f"{field.label}, {meter.device_id}"
        return row

    @property
    def claims(self) -> list[Claim]:
        """What the valid rows say."""
        return [row.claim for row in self.rows if row.is_valid()]


def with_parents_claimed(data: QueryDict, claimed: Sequence[Meter]) -> QueryDict:
    """Return the answers with those claimed by now as parents like any other."""
    settled = {f"{_AMONG}{meter.pk}": str(meter.pk) for meter in claimed}
    changed = data.copy()
    for name, value in data.items():
        if name.endswith("-parent") and value in settled:
            changed[name] = settled[str(value)]
    return changed
