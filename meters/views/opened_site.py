"""The opening of every page of one site: find it, or say that nothing is there."""

from datetime import datetime

from django.http import Http404
from django.utils import timezone

from meters.models import Site
from meters.queries.access import get_visible_site
from meters.queries.sites import SiteOverview, site_overview
from meters.views.requests import SignedInRequest


def opened_site(request: SignedInRequest, slug: str) -> tuple[Site, datetime]:
    """Return the site of this address and the time; 404 where it is not theirs."""
    now = timezone.now()
    site = get_visible_site(user=request.user, slug=slug, now=now)
    if site is None:
        raise Http404
    return site, now


def opened_overview(
    request: SignedInRequest, slug: str
) -> tuple[Site, SiteOverview, datetime]:
    """Return the site of this address with its meters, and the time."""
    site, now = opened_site(request, slug)
    return site, site_overview(user=request.user, site=site, now=now), now
