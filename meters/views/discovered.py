from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from meters.broker import BrokerAddress
from meters.forms.claim_meter import ClaimMeterForm
from meters.models import Meter
from meters.queries.access import claimable_meters, unclaimed_meters
from meters.queries.discovered import PER_PAGE, discovered_page
from meters.queries.newest import newest_values
from meters.services import claim_meter as service
from meters.services.put_aside import put_aside
from meters.views.requests import SignedInRequest


@login_required
def discovered_meters(request: SignedInRequest) -> HttpResponse:
    """Meters that announced themselves and belong to no site yet."""
    broker = BrokerAddress.of(settings.MQTT_URL)
    search = request.GET.get("search", "").strip()[:100]
    state = request.GET.get("state", "")
    state = state if state in Meter.UNCLAIMED_STATES else Meter.State.DISCOVERED
    discovered = discovered_page(
        user=request.user,
        search=search,
        page=request.GET.get("page", "1"),
        now=timezone.now(),
        state=state,
    )
    return render(
        request,
        "meters/discovered_meters.html",
        {
            "page": "discovered",
            "discovered": discovered,
            "state": state,
            "search": search,
            "broker": broker,
            # As the visitor knows this machine, where the broker runs on it too.
            "broker_host": request.get_host().rsplit(":", 1)[0]
            if broker.host in {"127.0.0.1", "localhost", "::1"}
            else broker.host,
        },
    )


@login_required
@require_POST
def sort_discovered(request: SignedInRequest) -> HttpResponse:
    """Do with the selected meters what the button says."""
    chosen = [id_ for id_ in request.POST.getlist("meter") if id_.isdecimal()]
    action = request.POST.get("action", "")
    if not chosen:
        messages.warning(request, _("No meter is selected."))
    elif action == "claim":
        ids = ",".join(chosen[:PER_PAGE])
        return redirect(f"{reverse('claim_meters')}?meters={ids}")
    elif action in Meter.UNCLAIMED_STATES:
        now = timezone.now()
        theirs = unclaimed_meters(user=request.user, now=now).filter(pk__in=chosen)
        count = put_aside(
            list(theirs.values_list("pk", flat=True)), state=action, now=now
        )
        messages.success(request, _sorted(action, count))
    return redirect(f"{reverse('discovered_meters')}?{request.GET.urlencode()}")


def _sorted(state: str, count: int) -> str:
    """Return the sentence that says what became of so many meters."""
    sentences = {
        Meter.State.IGNORED: ngettext(
            "%(count)d meter is ignored: it goes on being stored.",
            "%(count)d meters are ignored: they go on being stored.",
            count,
        ),
        Meter.State.BLOCKED: ngettext(
            "%(count)d meter is blocked: nothing of it is stored any more.",
            "%(count)d meters are blocked: nothing of them is stored any more.",
            count,
        ),
        Meter.State.DISCOVERED: ngettext(
            "%(count)d meter is back among the discovered ones.",
            "%(count)d meters are back among the discovered ones.",
            count,
        ),
    }
    return sentences[Meter.State(state)] % {"count": count}


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
        except service.NotAFeederError as error:
            form.add_error("parent", str(error))
        else:
            messages.success(request, _("%(meter)s is claimed.") % {"meter": claimed})
            return redirect(form.cleaned_data["site"])
    return render(
        request,
        "meters/claim_meter.html",
        {"page": "discovered", "form": form, "meter": meter},
    )
