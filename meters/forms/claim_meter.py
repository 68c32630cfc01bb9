from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from meters.forms.meter_settings import MeterSettingsForm, switches_of
from meters.models import Meter, Site, User
from meters.queries.access import managed_sites


class ParentSelect(forms.Select):
    """Each meter's option says to which site it belongs."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        meter = getattr(option["value"], "instance", None)
        if meter is not None:
            option["attrs"]["data-site"] = meter.site_id
        return option


class ParentField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.site.name})"


class PlacedMeterForm(MeterSettingsForm):
    """What is common to claiming one meter and many."""

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), empty_label=None
    )

    class Meta(MeterSettingsForm.Meta):
        fields = [*MeterSettingsForm.Meta.fields, "site"]

    def __init__(
        self,
        data: QueryDict | None,
        *,
        instance: Meter,
        sites: QuerySet[Site],
        initial: Mapping[str, Any],
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, instance=instance, initial=initial, prefix=prefix)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]


class ClaimMeterForm(PlacedMeterForm):
    """Where a discovered meter belongs, and how to read what it sends."""

    parent = ParentField(
        label=_("Fed from"),
        queryset=Meter.objects.none(),
        required=False,
        empty_label=_("nothing: it is an incomer"),
        widget=ParentSelect,
        help_text=_("The meter right above it in the distribution."),
    )

    class Meta(PlacedMeterForm.Meta):
        fields = [*PlacedMeterForm.Meta.fields, "parent", "positive_power"]

    def __init__(
        self,
        data: QueryDict | None,
        *,
        instance: Meter,
        user: User,
        sent: Mapping[str, float],
        now: datetime,
    ) -> None:
        sites = managed_sites(user=user, now=now)
        initial = {**prefilled(sent), "parent": usual_feeder(sites)}
        super().__init__(data, instance=instance, sites=sites, initial=initial)
        self.fields["parent"].queryset = feeders(sites)  # type: ignore[attr-defined]
        self.sent = sent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        site, parent = cleaned.get("site"), cleaned.get("parent")
        if site and parent and parent.site_id != site.pk:
            self.add_error("parent", _("That meter belongs to another site."))
        return cleaned

    @property
    def switches(self) -> list[dict[str, Any]]:
        """The four "already primary" switches, each with a value that was sent."""
        return switches_of(self, self.sent)


def feeders(sites: QuerySet[Site]) -> QuerySet[Meter]:
    """Return the meters of the sites that may feed another."""
    return Meter.objects.filter(
        site__in=sites, state=Meter.State.ACTIVE
    ).select_related("site")


def usual_feeder(sites: QuerySet[Site]) -> Meter | None:
    """Return the one incomer of the site that is offered first, if it has just one.

    What is claimed after the incomer seldom is another one.
    """
    first = sites.first()
    incomers = feeders(sites).filter(
        site=first, parent=None, medium=Meter.Medium.ELECTRICITY
    )[:2]
    return incomers[0] if first is not None and len(incomers) == 1 else None


def prefilled(sent: Mapping[str, float]) -> dict[str, Any]:
    """Return what the meter itself says about its wiring and ratios."""
    initial: dict[str, Any] = {}
    for name in ("ct_ratio", "pt_ratio"):
        if sent.get(name, 0.0) > 0:
            initial[name] = sent[name]
    if "voltage_l1" in sent and "voltage_l2" not in sent:
        initial["wiring"] = Meter.Wiring.SINGLE_PHASE
    elif "voltage_l12" in sent and "voltage_l1" not in sent:
        initial["wiring"] = Meter.Wiring.THREE_WIRE
    return initial
