"""Checks of an installation as pages show them."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from meters.domain.commissioning import Check, Verdict
from meters.models import Commissioning
from meters.templatetags.measures import icon

register = template.Library()

# How a verdict looks: as which state of the style sheet, with which icon.
_LOOKS = {
    Verdict.GOOD: ("fresh", "done"),
    Verdict.LOOK: ("stale", "warning"),
    Verdict.BAD: ("ended", "error"),
    Verdict.WAIT: ("connecting", "connecting"),
    Verdict.NONE: ("silent", "silent"),
}


@register.filter
def check_text(check: Check) -> str:
    """Return the sentence of a check in the visitor's language."""
    return gettext(check.sentence) % check.facts


@register.filter
def check_title(check: Check) -> str:
    """Return what is checked."""
    return {
        "voltages": gettext("Voltages"),
        "direction": gettext("Direction of power"),
        "angles": gettext("Angles of the phases"),
        "power": gettext("Power against U · I · PF"),
        "register": gettext("Register against power"),
        "children": gettext("Meters below"),
        "feeder": gettext("The meter that feeds it"),
        "clock": gettext("Clock"),
        "signal": gettext("Signal"),
    }[check.name]


@register.filter
def verdict_mark(check: Check) -> SafeString:
    """Return the verdict: an icon, a word and a colour."""
    words = {
        Verdict.GOOD: gettext("good"),
        Verdict.LOOK: gettext("look"),
        Verdict.BAD: gettext("wrong"),
        Verdict.WAIT: gettext("not yet"),
        Verdict.NONE: gettext("not sent"),
    }
    state, name = _LOOKS[check.verdict]
    return format_html(
        '<span class="state" data-state="{}">{}<span>{}</span></span>',
        state,
        icon(name),
        words[check.verdict],
    )


@register.filter
def kept_checks(signed: Commissioning) -> list[Check]:
    """Return the checks as they stood when it was signed."""
    kept: list[Mapping[str, Any]] = signed.checks
    return [
        Check(item["name"], Verdict(item["verdict"]), item["sentence"], item["facts"])
        for item in kept
    ]
