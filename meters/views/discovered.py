from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from meters.broker import BrokerAddress
from meters.forms.claim_meter import ClaimMeterForm
from meters.queries.access import claimable_meters
from meters.queries.discovered import discovered_page
from meters.queries.newest import newest_values
from meters.services import claim_meter as service
from meters.views.requests import SignedInRequest


@login_required
def discovered_meters(request: SignedInRequest) -> HttpResponse:
    """Meters that announced themselves and belong to no site yet."""
    broker = BrokerAddress.of(settings.MQTT_URL)
    search = request.GET.get("search", "").strip()
    discovered = discovered_page(
        user=request.user,
        search=search,
        page=request.GET.get("page", "1"),
        now=timezone.now(),
    )
    return render(
        request,
        "meters/discovered_meters.html",
        {
            "page": "discovered",
            "discovered": discovered,
            "search": search,
            "broker": broker,
            # As the visitor knows this machine, where the broker runs on it too.
            "broker_host": request.get_host().rsplit(":", 1)[0]
            if broker.host in {"127.0.0.1", "localhost", "::1"}
            else broker.host,
        },
    )


@login_required
def claim_meter(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Give a discovered meter its name and its place."""
    now = timezone.now()
    meter = get_object_or_404(claimable_meters(user=request.user, now=now), pk=meter_id)
    newest = newest_values([meter]).get(meter.pk)
    form = ClaimMeterForm(
        request.POST or None,
        instance=meter,
        user=request.user,
        sent=newest.values if newest else {},
        now=now,
    )
    if request.method == "POST" and form.is_valid():
        try:
            claimed = service.claim_meter(meter_id=meter.pk, **form.cleaned_data)
        except service.AlreadyClaimedError:
            messages.warning(request, _("Somebody else has claimed this meter."))
            return redirect("discovered_meters")
        messages.success(request, _("%(meter)s is claimed.") % {"meter": claimed})
        return redirect(form.cleaned_data["site"])
    return render(
        request,
        "meters/claim_meter.html",
        {"page": "discovered", "form": form, "meter": meter},
    )
