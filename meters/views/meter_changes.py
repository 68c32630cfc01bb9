"""Moving and retiring a meter, and the list of what has changed about it."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meters.forms.meter_change import MeterChangeForm, MoveMeterForm, RetireMeterForm
from meters.models import Meter, MeterChange
from meters.queries.access import get_visible_meter, may_manage
from meters.services.move_meter import move_meter
from meters.services.note_meter_change import MeterChangeRefusedError
from meters.services.retire_meter import retire_meter
from meters.services.undo_meter_change import undo_meter_change
from meters.views.requests import SignedInRequest


@login_required
def meter_changes(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """What has changed about a meter; its managers change more."""
    meter, now = _opened(request, meter_id)
    manages = _manages(request, meter, now)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and not manages:
        raise PermissionDenied
    with timezone.override(meter.site.zone if meter.site else None):
        move = MoveMeterForm(
            posted if posted and "move" in posted else None,
            meter=meter,
            user=request.user,
            now=now,
        )
        retire = RetireMeterForm(
            posted if posted and "retire" in posted else None, now=now
        )
        for form, change in ((move, move_meter), (retire, retire_meter)):
            if form.is_bound and _change(request, meter, form, change, now=now):
                return redirect("meter_changes", meter.pk)
        changes = MeterChange.objects.filter(meter=meter).select_related(
            "by", "undone_by", "from_site", "to_site", "from_parent", "to_parent",
            "caused_by__meter",
        )  # fmt: skip
        return render(
            request,
            "meters/meter_changes.html",
            {
                "page": "meters",
                "site": meter.site,
                "meter": meter,
                "move": move,
                "retire": retire,
                "may_manage": manages,
                "changes": changes,
                "last": changes.filter(undone_at__isnull=True).first(),
                "below": meter.children.filter(state=Meter.State.ACTIVE),
            },
        )


@login_required
@require_POST
def undo_change(request: SignedInRequest, change_id: int) -> HttpResponse:
    """Take a change back."""
    change = get_object_or_404(MeterChange, pk=change_id)
    meter, now = _opened(request, change.meter_id)
    if not _manages(request, meter, now):
        raise PermissionDenied
    if change.from_site is not None and not may_manage(
        user=request.user, site=change.from_site, now=now
    ):
        # It would take what the meter has measured here to people of that site.
        raise PermissionDenied
    try:
        undo_meter_change(change_id=change.pk, by=request.user, now=now)
    except MeterChangeRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The change is taken back."))
    return redirect("meter_changes", meter.pk)


def _opened(request: SignedInRequest, meter_id: int) -> tuple[Meter, datetime]:
    now = timezone.now()
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=now)
    if meter is None or meter.site is None:
        raise Http404
    return meter, now


def _manages(request: SignedInRequest, meter: Meter, now: datetime) -> bool:
    assert meter.site is not None  # noqa: S101 - see _opened
    return may_manage(user=request.user, site=meter.site, now=now)


def _change(
    request: SignedInRequest,
    meter: Meter,
    form: MeterChangeForm,
    change: Callable[..., MeterChange],
    *,
    now: datetime,
) -> bool:
    """Do what a valid form says; return whether it was done."""
    if not form.is_valid():
        return False
    try:
        made = change(meter_id=meter.pk, by=request.user, now=now, **form.cleaned_data)
    except MeterChangeRefusedError as error:
        form.add_error(None, str(error))
        return False
    sentence = _("%(meter)s is retired.")
    if made.kind == MeterChange.Kind.MOVE:
        sentence = _("%(meter)s is moved.")
    messages.success(request, sentence % {"meter": meter})
    return True
