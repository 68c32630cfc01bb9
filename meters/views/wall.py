from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from meters import figures
from meters.queries.series import power_lines
from meters.views.opened_site import opened_overview
from meters.views.requests import SignedInRequest


@login_required
def site_wall(request: SignedInRequest, slug: str) -> HttpResponse:
    """One site on a screen on the wall: large figures, nothing to click."""
    site, overview, now = opened_overview(request, slug)
    lines = power_lines(overview.rows, now=now)
    return render(
        request,
        "meters/site_wall.html",
        {
            "site": site,
            "socket": f"/ws/sites/{site.slug}/",
            "overview": overview,
            "figure": figures.power_figure(
                lines[:1], total_name=_("Site"), zone=site.zone, now=now
            ),
            "has_readings": any(len(line.series) for line in lines[:1]),
            "now": now,
        },
    )
