"""How a meter's values are read: ratios, wiring, what is primary already."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from meters.models import Meter

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

# Greater than zero, where they are given at all.
_POSITIVE = frozenset({"rated_current", "expected_interval_s", "nominal_voltage"})


class MeterSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is common to claiming meters and to setting them up later."""

    class Meta:
        model = Meter
        fields = [
            "name",
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
        initial: Mapping[str, Any],
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, instance=instance, initial=dict(initial), prefix=prefix)
        for name in ("ct_ratio", "pt_ratio"):
            self.fields[name].validators.append(_ratio_is_positive)
        for name in _POSITIVE & self.fields.keys():
            self.fields[name].validators.append(_is_positive)
        for name in self.fields:
            if isinstance(self.initial.get(name), float):
                # 40 rather than 40.0
                self.initial[name] = f"{self.initial[name]:.10g}"
        self.fields["name"].required = True

    def _post_clean(self) -> None:
        # The instance stays as it is: the service locks the row and writes it.
        pass


class EditMeterForm(MeterSettingsForm):
    """A claimed meter's; where it hangs is a change of its own."""

    class Meta(MeterSettingsForm.Meta):
        fields = [
            *MeterSettingsForm.Meta.fields,
            "positive_power",
            "nominal_voltage",
            "commands_need_approval",
        ]

    def __init__(
        self,
        data: QueryDict | None,
        *,
        instance: Meter,
        sent: Mapping[str, float],
        may_manage: bool,
    ) -> None:
        super().__init__(data, instance=instance, initial={})
        self.sent = sent
        if not may_manage:
            # Who commands a meter must not do away with the second person.
            del self.fields["commands_need_approval"]

    @property
    def switches(self) -> list[dict[str, Any]]:
        """The four "already primary" switches, each with a value that was sent."""
        return switches_of(self, self.sent)


def switches_of(
    form: MeterSettingsForm, sent: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return the four "already primary" switches, each with a value that was sent."""
    return [
        {
            "field": form[name],
            "label": label,
            "unit": unit,
            "ratio": ratio,
            "value": _telling(sent, quantities),
        }
        for name, label, unit, ratio, quantities in _SWITCHES
    ]


def _ratio_is_positive(ratio: float) -> None:
    if not ratio > 0:
        raise forms.ValidationError(_("A ratio is greater than zero."))


def _is_positive(value: float) -> None:
    if not value > 0:
        raise forms.ValidationError(_("It is greater than zero, or left empty."))


def _telling(sent: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    """Return the first value that is not zero; zero times a ratio tells nothing."""
    values = [sent[name] for name in names if name in sent]
    return next((value for value in values if value), values[0] if values else None)
