"""Claiming many discovered meters at once: one row for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from meters.forms.claim_meter import PlacedMeterForm, feeders, prefilled, usual_feeder
from meters.models import Meter, User
from meters.queries.access import managed_sites
from meters.services.claim_meters import Claim

# How a meter that is claimed in the same form stands among the parents.
_AMONG = "among-"


class _Parents:
    """What any of the meters may be fed from; written once for all rows."""

    def __init__(self, meters: Sequence[Meter], feeders: Sequence[Meter]) -> None:
        self.site_of = {str(meter.pk): meter.site_id for meter in feeders}
        self.choices = [
            ("", gettext("nothing: an incomer")),
            *(
                (
                    f"{_AMONG}{m.pk}",
                    gettext("new: %(device)s") % {"device": m.device_id},
                )
                for m in meters
            ),
            *((str(meter.pk), f"{meter.name} ({meter.site})") for meter in feeders),
        ]
        self._options = {value: self._option(value) for value, _ in self.choices}
        self._labels = {
            v: format_html("{}</option>", label) for v, label in self.choices
        }

    def _option(self, value: str) -> str:
        site = self.site_of.get(value)
        if site is None:
            return format_html('<option value="{}"', value)
        return format_html('<option value="{}" data-site="{}"', value, site)

    def options(self, chosen: str, *, without: str) -> SafeString:
        """Return the options of one meter's select; it does not feed itself."""
        parts = []
        for value, option in self._options.items():
            if value != without:
                ends = " selected>" if value == chosen else ">"
                parts += [option, ends, self._labels[value]]
        # Each part is escaped already.
        return SafeString("".join(parts))


class _ParentSelect(forms.Select):
    """A select of hundreds of meters, fifty times on a page."""

    parents: _Parents
    own: str

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,
    ) -> SafeString:
        return format_html(
            '<select name="{}"{}>{}</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            self.parents.options(str(value or ""), without=self.own),
        )


class ClaimRowForm(PlacedMeterForm):
    """One meter of those that are claimed together."""

    parent = forms.ChoiceField(
        label=_("Fed from"), required=False, widget=_ParentSelect
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parent, site = cleaned.get("parent", ""), cleaned.get("site")
        belongs_to = self.fields["parent"].widget.parents.site_of.get(parent)
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
        self._parents = _Parents(meters, list(feeders(self.sites)))
        feeder = usual_feeder(self.sites)
        self._usual_parent = str(feeder.pk) if feeder else ""
        self.rows = [self._row(data, meter, sent.get(meter.pk, {})) for meter in meters]

    def _row(
        self, data: QueryDict | None, meter: Meter, sent: Mapping[str, float]
    ) -> ClaimRowForm:
        row = ClaimRowForm(
            data,
            instance=meter,
            sites=self.sites,
            initial={
                "name": meter.device_id,
                "parent": self._usual_parent,
                **prefilled(sent),
            },
            prefix=str(meter.pk),
        )
        parent: Any = row.fields["parent"]
        parent.widget.own = f"{_AMONG}{meter.pk}"
        parent.choices = [
            choice for choice in self._parents.choices if choice[0] != parent.widget.own
        ]
        parent.widget.parents = self._parents
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
