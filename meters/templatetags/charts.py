"""Periods, phasors and bars as templates show them."""

import math
from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext

from meters.domain.chart_quantities import ChartGroup
from meters.domain.formatting import format_fixed
from meters.domain.periods import Period
from meters.domain.phasors import Diagram, Phasor
from meters.domain.quantities import Quantity

register = template.Library()

# Lengths of the longest arrow of each kind, in the units of the drawing.
_LONGEST = {"voltage": 92.0, "current": 62.0}


@register.filter
def period_word(period: Period) -> str:
    """Return the name of the kind of period."""
    return {
        "hour": gettext("Hour"),
        "day": gettext("Day"),
        "week": gettext("Week"),
        "month": gettext("Month"),
        "year": gettext("Year"),
        "custom": gettext("Custom"),
    }[period.name]


@register.filter
def period_label(period: Period) -> str:
    """Return when the period is, as the site's clock and calendar show it."""
    start, end = period.local_start, period.local_end
    if period.name == "hour" and period.is_running:
        return gettext("Last hour")
    if period.name == "hour":
        return f"{date_format(start, 'D j M Y, H:i')}–{date_format(end, 'H:i')}"
    if period.name == "day":
        return date_format(start, "l j F Y")
    if period.name == "week":
        return gettext("Week %(number)s, %(start)s – %(end)s") % {
            "number": start.isocalendar().week,
            "start": date_format(start, "j M"),
            "end": date_format(period.last_day, "j M Y"),
        }
    if period.name in {"month", "year"}:
        return date_format(start, "F Y" if period.name == "month" else "Y")
    same_day = start.date() == end.date()
    until = date_format(end, "H:i" if same_day else "D j M Y, H:i")
    return f"{date_format(start, 'D j M Y, H:i')} – {until}"


@register.simple_tag
def chart_query(period: Period, quantities: tuple[Quantity, ...]) -> str:
    """Return the query of an address: the period, and what is drawn."""
    names = [quantity.name for quantity in quantities]
    return "?" + urlencode({**period.query(), "quantity": names}, doseq=True)


@register.simple_tag
def with_quantity(chosen: tuple[Quantity, ...], quantity: Quantity) -> Any:
    """Return the quantities with this one put in, or taken out."""
    if quantity in chosen:
        return tuple(q for q in chosen if q != quantity) or chosen
    return (*chosen, quantity)


@register.filter
def group_title(group: ChartGroup) -> str:
    """Return "Active power, kW"."""
    label = gettext(group.label)
    return f"{label}, {group.unit}" if group.unit else label


@register.filter
def local_input(instant: datetime) -> str:
    """Return a local instant as a field for date and time wants it."""
    return instant.replace(tzinfo=None).isoformat(timespec="minutes")


@register.filter
def arrows(diagram: Diagram) -> list[dict[str, Any]]:
    """Return the arrows of the drawing; the browser moves them (phasor-diagram.js)."""
    return [_arrow(phasor, diagram) for phasor in diagram.phasors]


def _arrow(phasor: Phasor, diagram: Diagram) -> dict[str, Any]:
    longest = max(p.size for p in diagram.phasors if p.kind == phasor.kind)
    length = round(_LONGEST[phasor.kind] * phasor.size / longest, 1)
    turned, reach = math.radians(phasor.angle), length + 11
    return {
        "key": f"{phasor.kind}-{phasor.phase}",
        "kind": phasor.kind,
        "phase": phasor.phase.upper(),
        "name": ("U" if phasor.kind == "voltage" else "I") + phasor.phase[-1],
        "length": f"{length}",
        "turn": f"{round(-phasor.angle, 1)}",
        "x": f"{round(-reach * math.sin(turned), 1)}",
        "y": f"{round(-reach * math.cos(turned), 1)}",
        "angle": f"{format_fixed(phasor.angle, 1)}°",
    }
