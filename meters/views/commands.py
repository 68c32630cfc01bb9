"""Commands: asking, approving, taking back, and who did what."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meters import tasks
from meters.domain.commands import CommandRefusedError
from meters.forms.commands import CommandForm
from meters.queries.access import (
    commandable_meters,
    get_visible_site,
    managed_meters,
    visible_meters,
)
from meters.queries.commands import get_command, site_commands as commands_of_site
from meters.services import approve_command as approval
from meters.services.request_command import request_command
from meters.views.requests import SignedInRequest


@login_required
@require_POST
def command_meter(request: SignedInRequest, meter_id: int) -> HttpResponse:
    """Ask something of a meter."""
    now = timezone.now()
    meter = get_object_or_404(
        commandable_meters(user=request.user, now=now), pk=meter_id
    )
    form = CommandForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This is no command."))
        return redirect(meter)
    try:
        command = request_command(
            meter_id=meter.pk, request=form.request, by=request.user, now=now
        )
    except CommandRefusedError as error:
        messages.error(request, str(error))
        return redirect(meter)
    tasks.send_soon(command)
    if command.state == "requested":
        messages.info(
            request, _("This command waits for a manager other than you to approve it.")
        )
    return redirect(f"{meter.get_absolute_url()}#commands")


@login_required
def site_commands(request: SignedInRequest, slug: str) -> HttpResponse:
    """What waits for approval, and everything that was ever asked."""
    now = timezone.now()
    site = get_visible_site(user=request.user, slug=slug, now=now)
    if site is None:
        raise Http404
    waiting, history = commands_of_site(
        site_id=site.pk, user=request.user, page=request.GET.get("page", "1"), now=now
    )
    managed = managed_meters(user=request.user, now=now).filter(site=site)
    return render(
        request,
        "meters/site_commands.html",
        {
            "page": "commands",
            "site": site,
            "socket": f"/ws/sites/{site.slug}/",
            "waiting": waiting,
            "history": history,
            "managed": set(managed.values_list("pk", flat=True)),
        },
    )


@login_required
@require_POST
def approve_command(request: SignedInRequest, command_id: int) -> HttpResponse:
    """Say yes to somebody else's command."""
    now = timezone.now()
    command = get_command(
        command_id=command_id, meters=managed_meters(user=request.user, now=now)
    )
    if command is None or command.meter.site is None:
        raise Http404
    try:
        approval.approve_command(command=command, by=request.user, now=now)
    except CommandRefusedError as error:
        messages.error(request, str(error))
    else:
        tasks.send_soon(command)
    return redirect("site_commands", slug=command.meter.site.slug)


@login_required
@require_POST
def cancel_command(request: SignedInRequest, command_id: int) -> HttpResponse:
    """Take back one's own command, or decline somebody else's."""
    now = timezone.now()
    command = get_command(
        command_id=command_id, meters=visible_meters(user=request.user, now=now)
    )
    if command is None or command.meter.site is None:
        raise Http404
    is_own = command.requested_by_id == request.user.pk
    managed = managed_meters(user=request.user, now=now)
    if not is_own and not managed.filter(pk=command.meter_id).exists():
        raise Http404
    try:
        approval.cancel_command(
            command=command,
            by=request.user,
            now=now,
            text="Taken back." if is_own else "Declined.",
        )
    except CommandRefusedError as error:
        messages.error(request, str(error))
    return redirect("site_commands", slug=command.meter.site.slug)
