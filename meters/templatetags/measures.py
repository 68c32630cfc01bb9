"""Values, quantities and states as templates show them.

What these write, the browser writes anew when values come: see ``static/js/lib``.
"""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from meters.domain import formatting
from meters.domain.quantities import Quantity
from meters.queries.tree import MeterRow

register = template.Library()


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
def measure(value: float | None, unit: str) -> SafeString:
    """Return the value in the unit that fits it, figure and unit set apart."""
    shown = formatting.format_measure(value, unit)
    return format_html(
        '<span class="figure">{}</span> <span class="unit">{}</span>',
        shown.figure,
        shown.unit,
    )


@register.filter
def measure_text(value: float | None, unit: str) -> str:
    """Return the value in the unit that fits it: "1.25 kW"."""
    return str(formatting.format_measure(value, unit))


@register.filter
def fixed(value: float | None, decimals: int) -> str:
    """Return the value with this many decimals."""
    return formatting.format_fixed(value, decimals)


@register.filter
def bits(mask: float | None) -> str:
    """Return the numbers of the inputs or outputs that are on."""
    return formatting.format_bits(mask)


@register.filter
def percent(share: float | None) -> str:
    """Return a share as "34 %"."""
    return "" if share is None else f"{formatting.format_fixed(share * 100, 0)} %"


@register.filter
def decimals(quantity: Quantity) -> int:
    """Return with how many decimals the quantity is shown exactly."""
    return 0 if quantity.kind == "state" else formatting.decimals_of(quantity.unit)


@register.filter
def quantity_value(values: dict[str, float], quantity: Quantity) -> str:
    """Return the quantity's value as the meter's page shows it, without the unit."""
    value = values.get(quantity.name)
    if quantity.name.startswith("digital_"):
        return formatting.format_bits(value)
    return formatting.format_fixed(value, decimals(quantity))


@register.filter
def lookup(mapping: dict[object, object], key: object) -> object:
    """Return what a mapping holds under a key that is not a word."""
    return mapping.get(key)


@register.filter
def translated(text: str) -> str:
    """Return the translation of a text that was marked in plain Python."""
    return gettext(text) if text else ""


@register.filter
def character_word(character: str) -> str:
    """Return lagging or leading in the visitor's language."""
    words = {"lagging": gettext("lagging"), "leading": gettext("leading")}
    return words.get(character, "")


@register.filter
def direction(power: float | None) -> str:
    """Return import, export or idle, as the style sheet and the icons name them."""
    return "idle" if not power else "import" if power > 0 else "export"


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


@register.filter
def iso(instant: datetime | None) -> str:
    """Return the instant as the browser reads it."""
    return instant.isoformat() if instant else ""
