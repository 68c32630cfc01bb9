from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Min
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from meters.forms.shift_clock import ShiftClockForm
from meters.models import Meter, Reading, Site
from meters.queries.access import may_manage, visible_meters
from meters.queries.clock_offsets import clock_offsets
from meters.services import shift_clock as service
from meters.views.opened_site import opened_site
from meters.views.requests import SignedInRequest


@login_required
def shift_clock(request: SignedInRequest, slug: str, meter_id: int) -> HttpResponse:
    """Correct a meter whose clock is set to another zone: see first, then do."""
    site, now = opened_site(request, slug)
    meters = visible_meters(user=request.user, now=now).filter(site=site)
    meter = get_object_or_404(meters, pk=meter_id)
    if not may_manage(user=request.user, site=site, now=now):
        raise PermissionDenied
    clock = clock_offsets([meter], zone=site.zone, now=now).get(meter.pk)
    shift = meter.clock_shift_min + ((clock.zone_shift_min or 0) if clock else 0)
    # Wall clocks of the form are the site's.
    with timezone.override(site.zone):
        form = ShiftClockForm(
            request.POST or (request.GET if "since" in request.GET else None),
            shift=shift,
            since=_first_reading(meter).astimezone(site.zone),
            now=now,
        )
        is_valid = form.is_valid()
        if request.method == "POST" and is_valid:
            return _shift(request, site, meter, form, now=now)
        move = None
        if is_valid:
            move = service.preview_shift(
                meter=meter,
                shift_min=form.cleaned_data["shift"],
                since=form.cleaned_data["since"],
                zone=site.time_zone,
            )
        return render(
            request,
            "meters/shift_clock.html",
            {
                "page": "devices",
                "site": site,
                "meter": meter,
                "clock": clock,
                "form": form,
                "move": move,
            },
        )


def _shift(
    request: SignedInRequest,
    site: Site,
    meter: Meter,
    form: ShiftClockForm,
    *,
    now: datetime,
) -> HttpResponse:
    moved = service.shift_clock(
        meter_id=meter.pk,
        shift_min=form.cleaned_data["shift"],
        since=form.cleaned_data["since"],
        now=now,
        zone=site.time_zone,
    )
    sentence = ngettext(
        "%(meter)s: %(count)d reading is moved. A shift of 0 since the same instant"
        " takes it back.",
        "%(meter)s: %(count)d readings are moved. A shift of 0 since the same instant"
        " takes it back.",
        moved.readings,
    )
    messages.success(request, sentence % {"meter": meter, "count": moved.readings})
    return redirect("device_health", slug=site.slug)


def _first_reading(meter: Meter) -> datetime:
    first = Reading.objects.filter(meter=meter).aggregate(first=Min("time"))["first"]
    return (first or meter.discovered_at).replace(microsecond=0)
