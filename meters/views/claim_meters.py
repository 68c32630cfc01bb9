from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from meters.forms.claim_meters import ClaimMetersForm, with_parents_claimed
from meters.models import Meter
from meters.queries.access import claimable_meters
from meters.queries.discovered import PER_PAGE
from meters.queries.newest import newest_values
from meters.services.claim_meters import Claimed, claim_meters as claim_them
from meters.views.requests import SignedInRequest


@login_required
def claim_meters(request: SignedInRequest) -> HttpResponse:
    """Give several discovered meters their names and places, a row for each."""
    asked = [id_ for id_ in request.GET.get("meters", "").split(",") if id_.isdecimal()]
    meters = _claimable(request, asked[:PER_PAGE])
    if not meters:
        if asked:
            messages.warning(request, _("None of these meters waits to be claimed."))
        return redirect("discovered_meters")
    if request.method != "POST":
        return _form_page(request, meters, None)
    claimed = claim_them(_form(request, meters, request.POST).claims)
    if claimed.meters:
        messages.success(request, _claimed_sentence(claimed))
    left = _claimable(request, [meter.pk for meter in meters])
    if not left:
        sites = {meter.site for meter in claimed.meters}
        site = sites.pop() if len(sites) == 1 else None
        return redirect(site or "discovered_meters")
    answers = with_parents_claimed(request.POST, claimed.meters)
    return _form_page(request, left, answers, refused=claimed.refused)


def _claimable(request: SignedInRequest, ids: "list[str] | list[int]") -> list[Meter]:
    meters = claimable_meters(user=request.user, now=timezone.now())
    return list(meters.filter(pk__in=ids).order_by("device_id", "pk"))


def _form(
    request: SignedInRequest, meters: list[Meter], data: QueryDict | None
) -> ClaimMetersForm:
    newest = newest_values(meters)
    return ClaimMetersForm(
        data,
        meters=meters,
        user=request.user,
        sent={id_: item.values for id_, item in newest.items()},
        now=timezone.now(),
    )


def _form_page(
    request: SignedInRequest,
    meters: list[Meter],
    data: QueryDict | None,
    refused: dict[int, str] | None = None,
) -> HttpResponse:
    form = _form(request, meters, data)
    for row in form.rows:
        if refused and row.instance.pk in refused and row.is_valid():
            row.add_error("parent", refused[row.instance.pk])
    return render(
        request,
        "meters/claim_meters.html",
        {"page": "discovered", "form": form, "has_errors": data is not None},
    )


def _claimed_sentence(claimed: Claimed) -> str:
    count = len(claimed.meters)
    return ngettext(
        "%(count)d meter is claimed.", "%(count)d meters are claimed.", count
    ) % {"count": count}
