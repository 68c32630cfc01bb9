from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from meters.forms.meter_settings import EditMeterForm
from meters.queries.access import commissionable_meters, managed_meters
from meters.queries.newest import sent_values
from meters.services.edit_meter import edit_meter
from meters.views.requests import SignedInRequest


@login_required
def meter_settings(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Put right how a meter is called and how its values are read."""
    now = timezone.now()
    meters = commissionable_meters(user=request.user, now=now).select_related("site")
    meter = get_object_or_404(meters, pk=meter_id)
    managed = managed_meters(user=request.user, now=now).filter(pk=meter.pk)
    form = EditMeterForm(
        request.POST or None,
        instance=meter,
        sent=sent_values(meter),
        may_manage=managed.exists(),
    )
    if request.method == "POST" and form.is_valid():
        edited = edit_meter(meter_id=meter.pk, **form.cleaned_data)
        messages.success(request, _("%(meter)s is set up.") % {"meter": edited})
        back = request.GET.get("back")
        return redirect("commission_meter" if back else "meter_detail", meter.pk)
    return render(
        request,
        "meters/meter_settings.html",
        {"page": "meters", "site": meter.site, "meter": meter, "form": form},
    )
