from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from meters import figures
from meters.domain.formatting import column_decimals
from meters.queries.access import commissionable_meters
from meters.queries.discovered import may_claim
from meters.queries.series import five_minute_table, power_lines
from meters.queries.sites import SiteOverview, matching_rows, site_summaries
from meters.views.opened_site import opened_overview
from meters.views.requests import SignedInRequest

STATES = ("fresh", "stale", "silent")


@login_required
def site_list(request: SignedInRequest) -> HttpResponse:
    """Every site of the visitor in one look."""
    now = timezone.now()
    sites = site_summaries(user=request.user, now=now)
    return render(request, "meters/site_list.html", {"page": "sites", "sites": sites})


@login_required
def site_dashboard(request: SignedInRequest, slug: str) -> HttpResponse:
    """What one site takes from the grid now, and where it goes."""
    site, overview, now = opened_overview(request, slug)
    lines = power_lines(overview.rows, now=now)
    column = _column_decimals(overview)
    return render(
        request,
        "meters/site_dashboard.html",
        {
            "page": "overview",
            "site": site,
            "socket": f"/ws/sites/{site.slug}/" if overview.rows else "",
            "overview": overview,
            "column": column,
            "current_decimals": column["current"],
            "figure": figures.power_figure(
                lines, total_name=_("Site"), zone=site.zone, now=now
            ),
            "lines": lines,
            "has_readings": any(len(line.series) for line in lines),
            "line_table": five_minute_table(lines, now=now),
            "may_claim": may_claim(user=request.user, now=now),
            "now": now,
        },
    )


@login_required
def site_meters(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every meter of one site, to compare and to find."""
    site, overview, now = opened_overview(request, slug)
    text = request.GET.get("name", "").strip()[:100]
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    return render(
        request,
        "meters/site_meters.html",
        {
            "page": "meters",
            "site": site,
            "socket": f"/ws/sites/{site.slug}/" if overview.rows else "",
            "overview": overview,
            "shown": {
                row.meter.pk
                for row in matching_rows(overview.rows, text=text, state=state)
            },
            "column": _column_decimals(overview),
            "text": text,
            "state": state,
            "states": STATES,
            "may_claim": may_claim(user=request.user, now=now),
            "may_commission": commissionable_meters(user=request.user, now=now)
            .filter(site=site)
            .exists(),
        },
    )


def _column_decimals(overview: SiteOverview) -> dict[str, int]:
    """Return the decimals of each column of the table of meters."""
    rows = overview.rows
    columns = {
        "power": [row.power for row in rows],
        "current": [row.current for row in rows],
        "energy": [day.import_kwh for day in overview.today.values()],
    }
    return {
        name: column_decimals(max((abs(v) for v in values if v is not None), default=0))
        for name, values in columns.items()
    }
