from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from meters import figures
from meters.domain.quantity_groups import grouped
from meters.queries.access import get_visible_meter
from meters.queries.meter_page import meter_page
from meters.queries.series import five_minute_table, power_line
from meters.views.requests import SignedInRequest


@login_required
def meter_detail(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Every quantity that one meter sends."""
    now = timezone.now()
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=now)
    if meter is None or meter.site is None:
        raise Http404
    page = meter_page(meter, user=request.user, now=now)
    lines = [power_line(meter, now=now)]
    return render(
        request,
        "meters/meter_detail.html",
        {
            "page": "meters",
            "socket": f"/ws/meters/{meter.pk}/",
            "save_name": meter.name,
            "meter": meter,
            "site": meter.site,
            "row": page.row,
            "today": page.today,
            "ancestors": page.ancestors,
            "children": page.children,
            "groups": grouped(page.row.values),
            "figure": figures.power_figure(
                lines, total_name=str(meter), zone=meter.site.zone, now=now
            ),
            "lines": lines,
            "has_readings": any(len(line.series) for line in lines),
            "line_table": five_minute_table(lines, now=now),
        },
    )
