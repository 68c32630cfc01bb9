from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from meters.models import Meter, Site, User
from meters.queries.access import managed_sites

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


# Field, label, unit, which ratio applies, and the quantities to show it with.
_SWITCHES: tuple[tuple[str, "StrPromise", str, str, tuple[str, ...]], ...] = (
    (
        "voltage_is_primary",
        _("Voltage"),
        "V",
        "pt",
        (
            *("voltage_l1", "voltage_l2", "voltage_l3"),
            *("voltage_l12", "voltage_l23", "voltage_l31"),
        ),
    ),
    (
        "current_is_primary",
        _("Current"),
        "A",
        "ct",
        ("current_l1", "current_l2", "current_l3"),
    ),
    ("power_is_primary", _("Power and demand"), "kW", "both", ("active_power",)),
    ("energy_is_primary", _("Energy"), "kWh", "both", ("active_energy_import",)),
)


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


class MeterSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is common to claiming one meter and many."""

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), empty_label=None
    )

    class Meta:
        model = Meter
        fields = [
            "name",
            "site",
            "wiring",
            "ct_ratio",
            "pt_ratio",
            "voltage_is_primary",
            "current_is_primary",
            "power_is_primary",
            "energy_is_primary",
            "rated_current",
            "expected_interval_s",
        ]

    def __init__(
        self,
        data: QueryDict | None,
        *,
        instance: Meter,
        sites: QuerySet[Site],
        initial: Mapping[str, Any],
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, instance=instance, initial=dict(initial), prefix=prefix)
        for name in ("ct_ratio", "pt_ratio"):
            # 40 rather than 40.0
            self.initial[name] = f"{self.initial[name]:.10g}"
            self.fields[name].validators.append(_ratio_is_positive)
        for name in ("rated_current", "expected_interval_s"):
            self.fields[name].validators.append(_is_positive)
        self.fields["name"].required = True
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        # The instance stays as it is: the service locks the row and writes it.
        pass


class ClaimMeterForm(MeterSettingsForm):
    """Where a discovered meter belongs, and how to read what it sends."""

    parent = ParentField(
        label=_("Fed from"),
        queryset=Meter.objects.none(),
        required=False,
        empty_label=_("nothing: it is an incomer"),
        widget=ParentSelect,
        help_text=_("The meter right above it in the distribution."),
    )

    class Meta(MeterSettingsForm.Meta):
        fields = [*MeterSettingsForm.Meta.fields, "parent", "positive_power"]

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
        super().__init__(data, instance=instance, sites=sites, initial=prefilled(sent))
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
        return [
            {
                "field": self[name],
                "label": label,
                "unit": unit,
                "ratio": ratio,
                "value": _telling(self.sent, quantities),
            }
            for name, label, unit, ratio, quantities in _SWITCHES
        ]


def feeders(sites: QuerySet[Site]) -> QuerySet[Meter]:
    """Return the meters of the sites that may feed another."""
    return Meter.objects.filter(
        site__in=sites, state=Meter.State.ACTIVE
    ).select_related("site")


def _ratio_is_positive(ratio: float) -> None:
    if not ratio > 0:
        raise forms.ValidationError(_("A ratio is greater than zero."))


def _is_positive(value: float) -> None:
    if not value > 0:
        raise forms.ValidationError(_("It is greater than zero, or left empty."))


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


def _telling(sent: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    """Return the first value that is not zero; zero times a ratio tells nothing."""
    values = [sent[name] for name in names if name in sent]
    return next((value for value in values if value), values[0] if values else None)
