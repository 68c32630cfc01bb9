"""Commissioning: find the meter, watch the checks, sign it off."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meters.forms.commissioning import LabelForm, SignOffForm
from meters.models import Commissioning
from meters.queries.access import commissionable_meters, visible_meters
from meters.queries.commissioning import Inspection, inspect
from meters.queries.to_commission import find_meters, meters_to_commission
from meters.services.sign_off import SignOffRefusedError, setup_of, sign_off
from meters.views.opened_site import opened_site
from meters.views.requests import SignedInRequest

LONGEST_SEARCH = 200


@login_required
def commissioning(request: SignedInRequest, slug: str) -> HttpResponse:
    """Find the meter that one stands before."""
    site, now = opened_site(request, slug)
    texts = [text[:LONGEST_SEARCH] for text in request.GET.getlist("serial")[:10]]
    found = None
    if any(text.strip() for text in texts):
        found = find_meters(texts, site=site, user=request.user, now=now)
        if len(found.meters) == 1 and not found.discovered:
            return redirect("commission_meter", found.meters[0].pk)
    return render(
        request,
        "meters/commissioning.html",
        {
            "page": "meters",
            "site": site,
            "texts": texts,
            "found": found,
            "meters": meters_to_commission(site=site, user=request.user, now=now),
            "label_form": LabelForm(),
        },
    )


@login_required
@require_POST
def scan_label(request: SignedInRequest, slug: str) -> HttpResponse:
    """Read the label in a photo, and look for what it names."""
    site, now = opened_site(request, slug)
    if not commissionable_meters(user=request.user, now=now).filter(site=site).exists():
        raise PermissionDenied
    form = LabelForm(request.POST, request.FILES)
    if not form.is_valid():
        for error in form.errors.get("photo", ()):
            messages.error(request, str(error))
        return redirect("commissioning", slug=site.slug)
    answer = redirect("commissioning", slug=site.slug)
    codes = [code[:LONGEST_SEARCH] for code in form.cleaned_data["photo"]]
    answer["Location"] += "?" + urlencode({"serial": codes}, doseq=True)
    return answer


@login_required
def commission_meter(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """The checks of a meter as it is now; signing it off."""
    now = timezone.now()
    meters = commissionable_meters(user=request.user, now=now).select_related(
        "site", "parent"
    )
    meter = get_object_or_404(meters, pk=meter_id)
    inspection = inspect(meter, user=request.user, now=now)
    if request.method == "POST":
        form = SignOffForm(request.POST, request.FILES)
        if form.is_valid() and _sign(request, form, inspection):
            return redirect("commission_meter", meter.pk)
    else:
        form = SignOffForm(initial={"name": request.user.get_full_name()})
    return render(
        request,
        "meters/commission_meter.html",
        {
            "page": "meters",
            "site": meter.site,
            "meter": meter,
            "inspection": inspection,
            "form": form,
            "signed": Commissioning.objects.filter(meter=meter).defer("photo"),
            "setup": setup_of(meter),
        },
    )


def _sign(request: SignedInRequest, form: SignOffForm, inspection: Inspection) -> bool:
    try:
        sign_off(
            inspection, by=request.user, now=inspection.row.now, **form.cleaned_data
        )
    except SignOffRefusedError as error:
        form.add_error(None, str(error))
        return False
    sentence = _("%(meter)s is signed off.") % {"meter": inspection.meter}
    messages.success(request, sentence)
    return True


@login_required
def commissioning_photo(
    request: SignedInRequest, commissioning_id: int
) -> HttpResponse:
    """The photo of a sign-off, for whoever may see the meter."""
    meters = visible_meters(user=request.user, now=timezone.now())
    signed = Commissioning.objects.filter(pk=commissioning_id, meter__in=meters)
    photo = signed.values_list("photo", flat=True).first()
    if photo is None:
        raise Http404
    answer = HttpResponse(bytes(photo), content_type="image/jpeg")
    # Never another photo under this address; but nobody else's cache.
    answer["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer
