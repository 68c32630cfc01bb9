from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from meters import figures
from meters.domain.chart_quantities import chart_choice
from meters.domain.periods import (
    NAMES,
    containing,
    following,
    period_of,
    previous,
    switched,
)
from meters.domain.phase_bars import bar_groups
from meters.domain.phasors import diagram
from meters.domain.quantity_groups import grouped
from meters.models import Meter
from meters.queries.access import commissionable_meters, get_visible_meter
from meters.queries.commands import command_panel
from meters.queries.meter_page import MeterPage, meter_page
from meters.views.requests import SignedInRequest

MOST_EVENTS = 10


@login_required
def meter_detail(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Every quantity that one meter sends, now and over time."""
    now = timezone.now()
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=now)
    if meter is None or meter.site is None:
        raise Http404
    page = meter_page(meter, user=request.user, now=now)
    return render(
        request,
        "meters/meter_detail.html",
        {
            "page": "meters",
            "socket": f"/ws/meters/{meter.pk}/",
            "meter": meter,
            "site": meter.site,
            "row": page.row,
            "today": page.today,
            "ancestors": page.ancestors,
            "children": page.children,
            "groups": grouped(page.row.values),
            "bars": bar_groups(
                page.row.values,
                nominal_voltage=meter.nominal_voltage,
                rated_current=meter.rated_current,
            ),
            "phasors": diagram(page.row.values),
            "panel": command_panel(meter, user=request.user, now=now),
            "may_set_up": commissionable_meters(user=request.user, now=now)
            .filter(pk=meter.pk)
            .exists(),
            "signed": meter.commissionings.defer("photo").first(),
            "events": meter.events.all()[:MOST_EVENTS],
            **_history(request, meter, page),
        },
    )


def _history(request: SignedInRequest, meter: Meter, page: MeterPage) -> dict[str, Any]:
    """Return what the chart over time shows, as the address asks."""
    now = page.row.now
    choice = chart_choice(page.row.values, request.GET.getlist("quantity"))
    if choice is None or meter.site is None:
        return {"choice": None}
    zone = meter.site.zone
    period = period_of(request.GET.dict(), zone=zone, now=now)
    newest = page.row.newest
    return {
        "newest_day": containing("day", newest.time, zone=zone) if newest else None,
        "choice": choice,
        "colours": figures.line_colours(choice.chosen, meter),
        "figure": figures.history_figure(
            choice.chosen, meter, start=period.start, end=period.end
        ),
        "period": period,
        "previous": previous(period, now=now),
        "following": following(period, now=now),
        "periods": [switched(period, name, now=now) for name in NAMES],
    }
