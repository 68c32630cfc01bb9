"""One output: switching it with care, locking it, setting it up."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meters.domain.commands import CommandRefusedError
from meters.forms.commands import LockoutForm, OutputForm
from meters.models import Lockout, Output
from meters.queries.access import (
    commandable_meters,
    get_visible_meter,
    managed_meters,
    visible_meters,
)
from meters.queries.commands import command_panel
from meters.services import lock_output as locking
from meters.views.requests import SignedInRequest


@login_required
def output_detail(request: SignedInRequest, meter_id: int, number: int) -> HttpResponse:
    """How an output stands, its locks, and how it is set up."""
    now = timezone.now()
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=now)
    if meter is None or meter.site is None:
        raise Http404
    panel = command_panel(meter, user=request.user, now=now)
    row = next((row for row in panel.outputs if row.output.number == number), None)
    if row is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    lock_form = LockoutForm(
        posted if posted and "lock" in posted else None, zone=meter.site.zone, now=now
    )
    form = OutputForm(
        posted if posted and "setup" in posted else None, instance=row.output
    )
    if lock_form.is_bound and panel.may_command and lock_form.is_valid():
        locking.lock_output(
            output=row.output, by=request.user, now=now, **lock_form.cleaned_data
        )
        messages.success(
            request, _("%(output)s is locked out.") % {"output": row.output}
        )
        return redirect(row.output)
    if form.is_bound and panel.may_manage and form.is_valid():
        messages.success(request, _("%(output)s is set up.") % {"output": form.save()})
        return redirect(row.output)
    if posted is not None and not (lock_form.errors or form.errors):
        raise Http404
    return render(
        request,
        "meters/output_detail.html",
        {
            "page": "meters",
            "site": meter.site,
            "meter": meter,
            "panel": panel,
            "row": row,
            "lock_form": lock_form,
            "form": form,
            "user_id": request.user.pk,
        },
    )


@login_required
def add_output(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Make an output of a device that does not tell of it."""
    now = timezone.now()
    meter = get_object_or_404(
        managed_meters(user=request.user, now=now).select_related("site"), pk=meter_id
    )
    posted = request.POST if request.method == "POST" else None
    form = OutputForm(posted, instance=Output(meter=meter))
    if posted is not None and form.is_valid():
        return redirect(form.save())
    return render(
        request,
        "meters/add_output.html",
        {"page": "meters", "site": meter.site, "meter": meter, "form": form},
    )


@login_required
@require_POST
def lift_lockout(request: SignedInRequest, lockout_id: int) -> HttpResponse:
    """Take a lock off again."""
    now = timezone.now()
    lockouts = Lockout.objects.select_related("output__meter__site", "by")
    lockout = get_object_or_404(
        lockouts.filter(output__meter__in=visible_meters(user=request.user, now=now)),
        pk=lockout_id,
    )
    meter = lockout.output.meter
    is_manager = managed_meters(user=request.user, now=now).filter(pk=meter.pk).exists()
    may_command = commandable_meters(user=request.user, now=now)
    if not is_manager and not may_command.filter(pk=meter.pk).exists():
        raise Http404
    try:
        locking.lift_lockout(
            lockout=lockout, by=request.user, is_manager=is_manager, now=now
        )
    except CommandRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The lockout is lifted."))
    return redirect(lockout.output)
