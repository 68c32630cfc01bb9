"""What the frame around every page needs, whatever the page is."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from meters.models import Lockout, Site, User
from meters.queries.access import visible_sites
from meters.queries.commands import active_lockouts
from meters.queries.discovered import may_claim

register = template.Library()

# A longer list is no menu any more; the list of sites has them all.
MOST_SITES = 30


@register.simple_tag(takes_context=True)
def sites_to_switch(context: dict[str, Any]) -> list[Site]:
    """Return the sites the visitor can go to."""
    sites = visible_sites(user=context["request"].user, now=timezone.now())
    return list(sites[:MOST_SITES])


@register.simple_tag(takes_context=True)
def may_claim_meters(context: dict[str, Any]) -> bool:
    """Return whether discovered meters are the visitor's business."""
    user = context["request"].user
    return isinstance(user, User) and may_claim(user=user, now=timezone.now())


@register.simple_tag(takes_context=True)
def lockouts_to_show(context: dict[str, Any]) -> list[Lockout]:
    """Return what is locked out at the site of the page; of no site's, anywhere."""
    site, user = context.get("site"), context["request"].user
    if not isinstance(user, User):
        return []
    site_id = site.pk if isinstance(site, Site) else None
    return active_lockouts(site_id=site_id, user=user, now=timezone.now())


@register.simple_tag
def browser_texts() -> dict[str, str]:
    """Return the texts that the browser's modules show, translated."""
    return {
        "ago": gettext("%(age)s ago"),
        "old": gettext("%(age)s old"),
        "silent": gettext("no readings yet"),
        "import": gettext("import"),
        "export": gettext("export"),
        "idle": gettext("no load"),
        "lagging": gettext("lagging"),
        "leading": gettext("leading"),
        "connecting": gettext("Connecting"),
        "live": gettext("Live"),
        "disconnected": gettext("Disconnected"),
        "ended": gettext("Access ended"),
        "disconnected_notice": gettext(
            "No connection to the portal. The values are those of %(time)s."
        ),
        "ended_notice": gettext(
            "Your access to this page has ended. Ask whoever manages the site."
        ),
        "refresh_notice": gettext(
            "This page could not be refreshed since %(time)s. It keeps trying."
        ),
        "logged_out_notice": gettext("You are logged out. Load the page anew."),
        "logged_out": gettext("Logged out"),
        "polling": gettext("Every 10 s"),
        "polling_notice": gettext(
            "No live connection; a proxy on the way may refuse websockets. The page"
            " is refreshed every ten seconds instead, last at %(time)s."
        ),
        "resolution": gettext(
            "Means over %(step)s, within the range from minimum to maximum."
        ),
        "resolution_raw": gettext("Single readings."),
        "time_in": gettext("Time, %(zone)s"),
        "theme_auto": gettext("Colours: as the system"),
        "theme_light": gettext("Colours: light"),
        "theme_dark": gettext("Colours: dark"),
    }
