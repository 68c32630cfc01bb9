"""Values, quantities and states as templates show them.

What these write, the browser writes anew when values come: see ``static/js/lib``.
"""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from meters.domain import formatting
from meters.domain.family_words import words_of
from meters.domain.quantities import Quantity
from meters.domain.series import Line
from meters.models import Command, Meter, Output
from meters.queries.sites import SiteOverview
from meters.queries.tree import MeterRow

register = template.Library()

# A template gives "" for what a meter did not send.
Given = float | str | None

# How each state of a command looks: as which state of the style sheet, with which icon.
_COMMAND_LOOKS = {
    "requested": ("stale", "stale"),
    "approved": ("connecting", "connecting"),
    "sending": ("connecting", "connecting"),
    "sent": ("connecting", "done"),
    "confirmed": ("fresh", "done"),
    "failed": ("ended", "error"),
    "expired": ("silent", "stale"),
    "cancelled": ("silent", "ended"),
    "unknown": ("stale", "warning"),
}

_BIT_MASKS = ("digital_inputs", "digital_outputs")


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Return an icon of ``static/icons/icons.svg``; the word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css_class,
        static("icons/icons.svg"),
        name,
    )


@register.filter
def measure(value: Given, unit: str) -> SafeString:
    """Return the value in the unit that fits it, figure and unit set apart."""
    shown = formatting.format_measure(_number(value), unit)
    return format_html(
        '<span class="figure">{}</span> <span class="unit">{}</span>',
        shown.figure,
        shown.unit,
    )


@register.filter
def measure_text(value: Given, unit: str) -> str:
    """Return the value in the unit that fits it: "1.25 kW"."""
    return str(formatting.format_measure(_number(value), unit))


@register.filter
def size(value: float) -> float:
    """Return a value without its sign."""
    return abs(value)


@register.filter
def fixed(value: Given, decimals: int) -> str:
    """Return the value with this many decimals."""
    return formatting.format_fixed(_number(value), decimals)


@register.filter
def decimals(unit: str) -> int:
    """Return with how many decimals a value in this unit is shown exactly."""
    return formatting.decimals_of(unit)


@register.filter
def fixed_as(value: Given, unit: str) -> str:
    """Return the value exactly, as this unit is written."""
    return formatting.format_fixed(_number(value), formatting.decimals_of(unit))


@register.filter
def signed(number: int) -> str:
    """Return a whole number with its sign: "+60", "−60"."""
    return f"{number:+d}".replace("-", "−")


@register.filter
def age(seconds: float) -> str:
    """Return a time span in its largest fitting unit: "20 s"."""
    return formatting.format_age(seconds)


@register.filter
def percent(share: float | None) -> str:
    """Return a share as "34 %"."""
    return "" if share is None else f"{formatting.format_fixed(share * 100, 0)} %"


@register.filter
def shown_as(quantity: Quantity) -> SafeString:
    """Return the attribute that tells the browser how the quantity is written."""
    if quantity.name in _BIT_MASKS:
        return SafeString('data-as="bits"')
    if quantity.unit or quantity.name.startswith("power_factor"):
        decimals = formatting.decimals_of(quantity.unit)
        return format_html('data-as="fixed" data-decimals="{}"', decimals)
    return SafeString('data-as="plain"')


@register.filter
def quantity_value(values: dict[str, float], quantity: Quantity) -> str:
    """Return the quantity's value as the meter's page shows it, without the unit."""
    value = values.get(quantity.name)
    if quantity.name in _BIT_MASKS:
        return formatting.format_bits(value)
    if quantity.unit or quantity.name.startswith("power_factor"):
        return formatting.format_fixed(value, formatting.decimals_of(quantity.unit))
    return formatting.format_plain(value)


@register.filter
def lookup(mapping: dict[object, object], key: object) -> object:
    """Return what a mapping holds under a key that is not a word."""
    return mapping.get(key)


@register.filter
def translated(text: str) -> str:
    """Return the translation of a text that was marked in plain Python."""
    return gettext(text) if text else ""


@register.filter
def family_words(family: str) -> str:
    """Return what people call a device family, translated."""
    return gettext(words_of(family))


@register.filter
def character_word(character: str) -> str:
    """Return lagging or leading in the visitor's language."""
    words = {"lagging": gettext("lagging"), "leading": gettext("leading")}
    return words.get(character, "")


@register.filter
def direction(power: Given) -> str:
    """Return import, export or idle, as the style sheet and the icons name them."""
    known = _number(power)
    return "idle" if not known else "import" if known > 0 else "export"


@register.simple_tag
def last_seen(row: MeterRow) -> SafeString:
    """Return the state of a meter: an icon and "20 s ago", or "12 min old"."""
    words = {"fresh": gettext("%(age)s ago"), "stale": gettext("%(age)s old")}
    if row.age_s is None:
        text = gettext("no readings yet")
    else:
        text = words[row.state] % {"age": formatting.format_age(row.age_s)}
    return format_html(
        '<span class="state" data-state="{}" data-time="{}" data-stale-after="{}">'
        '{}<span class="state-text">{}</span></span>',
        row.state,
        iso(row.newest.time) if row.newest else "",
        round(row.stale_after_s),
        icon(row.state),
        text,
    )


@register.simple_tag
def state_of_output(output: Output) -> SafeString:
    """Return how an output stands: an icon and a word."""
    words = {True: gettext("on"), False: gettext("off"), None: gettext("not known")}
    return format_html(
        '<span class="output-state" data-on="{}">{}<span>{}</span></span>',
        {True: "yes", False: "no", None: "unknown"}[output.is_on],
        icon("silent" if output.is_on is None else "commands"),
        words[output.is_on],
    )


@register.simple_tag
def state_of_command(command: Command) -> SafeString:
    """Return where a command stands: an icon and a word."""
    return format_html(
        '<span class="state" data-state="{}">{}<span>{}</span></span>',
        _COMMAND_LOOKS[command.state][0],
        icon(_COMMAND_LOOKS[command.state][1]),
        command.get_state_display(),
    )


@register.filter
def told(command: Command) -> str:
    """Return what a command does, in words: "switch on · Pump 2"."""
    words = str(command.get_action_display())
    if command.action == Command.Action.TOGGLE:
        words = (
            gettext("toggle to on") if command.wanted_on else gettext("toggle to off")
        )
    if command.interval_s is not None:
        words += f" ({formatting.format_age(command.interval_s)})"
    return f"{words} · {command.output}" if command.output else words


@register.filter
def iso(instant: datetime | None) -> str:
    """Return the instant as the browser reads it."""
    return instant.isoformat() if instant else ""


@register.filter
def plain(value: Given) -> str:
    """Return a number as it was sent or set, without zeros for show."""
    return formatting.format_plain(_number(value))


@register.filter
def share_of(overview: SiteOverview, row: MeterRow) -> float | None:
    """Return which part of the site's import the meter takes, 0 to 1."""
    total, power = overview.power, row.power
    if not total or power is None or total < 0 or power < 0:
        return None
    return min(1.0, power / total)


@register.filter
def share_of_power(overview: SiteOverview, power: float) -> float | None:
    """Return which part of the site's import this power is; never less than none."""
    total = overview.power
    return None if not total or total < 0 or power < 0 else min(1.0, power / total)


@register.filter
def state_word(state: str) -> str:
    """Return the word of a meter's state."""
    words = {
        "fresh": gettext("fresh"),
        "stale": gettext("stale"),
        "silent": gettext("silent"),
        "offline": gettext("offline"),
    }
    return words[state]


@register.inclusion_tag("meters/parts/state_counts.html")
def state_counts(overview: SiteOverview) -> dict[str, object]:
    """Return how many meters are fresh, stale and silent."""
    return {
        "counts": [
            (state, getattr(overview, state), state_word(state))
            for state in ("fresh", "stale", "silent")
        ]
    }


@register.filter
def caption(meter: Meter, quantity: Quantity) -> str:
    """Return what stands before a value: the phase, or the name of the rate."""
    rate = quantity.name.rpartition("_t")[2]
    if quantity.name.startswith("active_energy") and rate in {"1", "2", "3", "4"}:
        labels = dict(enumerate(meter.rate_labels, start=1))
        return labels.get(int(rate)) or f"T{rate}"
    return quantity.suffix


@register.filter
def name_of_line(lines: Sequence[Line], key: str) -> str:
    """Return the name of a chart's line."""
    return next((line.name for line in lines if line.key == key), "")


@register.filter
def as_control(field: BoundField) -> SafeString:
    """Return the input of a form field in the look of the forms."""
    widget = field.field.widget
    is_select = getattr(widget, "input_type", "") == "select"
    if getattr(widget, "input_type", "") == "checkbox":
        return with_class(field, "form-check-input d-block")
    invalid = " is-invalid" if field.errors else ""
    return with_class(field, ("form-select" if is_select else "form-control") + invalid)


@register.filter
def with_class(field: BoundField, css_class: str) -> SafeString:
    """Return the input of a form field with a class."""
    attrs: dict[str, str | bool] = {"class": css_class}
    # The label stands above it already.
    if "placeholder" in field.field.widget.attrs:
        attrs["placeholder"] = ""
    return field.as_widget(attrs=attrs)


def _number(value: Given) -> float | None:
    return value if isinstance(value, int | float) else None
