"""Command templates, for administrators: write, try dry, turn on."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meters.domain.command_templates import PLACEHOLDERS, TemplateError, check_topic
from meters.forms.command_template import CommandTemplateForm, DryRunForm
from meters.models import CommandTemplate, Output
from meters.queries.commanding import filled, placeholder_values
from meters.views.requests import SignedInRequest


@login_required
def command_templates(request: SignedInRequest) -> HttpResponse:
    """All of them, with what they are for and whether they are on."""
    _administrators_only(request)
    templates = CommandTemplate.objects.select_related("meter")
    return render(
        request,
        "meters/command_templates.html",
        {"page": "templates", "templates": templates},
    )


@login_required
def command_template(
    request: SignedInRequest, template_id: int | None = None
) -> HttpResponse:
    """Write one, or change it; below, what it would publish."""
    _administrators_only(request)
    template = (
        get_object_or_404(CommandTemplate, pk=template_id) if template_id else None
    )
    form = CommandTemplateForm(
        request.POST if request.method == "POST" else None, instance=template
    )
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        if saved.enabled:
            messages.success(request, _("Saved."))
        else:
            messages.info(request, _("Saved. It is off: try it dry, then turn it on."))
        return redirect(saved)
    context: dict[str, Any] = {"page": "templates", "form": form, "template": template}
    context["placeholders"] = [f"{{{name}}}" for name in PLACEHOLDERS]
    if template is not None:
        context |= _dry_run(request, template)
    return render(request, "meters/command_template.html", context)


@login_required
@require_POST
def switch_template(request: SignedInRequest, template_id: int) -> HttpResponse:
    """Turn one on or off."""
    _administrators_only(request)
    template = get_object_or_404(CommandTemplate, pk=template_id)
    template.enabled = request.POST.get("enabled") == "yes"
    try:
        with transaction.atomic():
            template.save(update_fields=["enabled"])
    except IntegrityError:
        messages.error(
            request, _("Another template for the same action is on; turn it off first.")
        )
    return redirect(template)


def _dry_run(request: SignedInRequest, template: CommandTemplate) -> dict[str, Any]:
    """Return what the template would publish, for the meter that was chosen."""
    asked = "dry_meter" in request.GET
    form = DryRunForm(request.GET if asked else None, template=template)
    context: dict[str, Any] = {"dry_form": form}
    if not asked or not form.is_valid():
        return context
    given = form.cleaned_data
    switches = template.action in ("on", "off")
    values = placeholder_values(
        given["dry_meter"],
        output=Output(meter=given["dry_meter"], number=given["dry_output"])
        if switches
        else None,
        request=1,
        interval_s=given["dry_interval_s"]
        if template.action == "set_interval"
        else None,
        wanted_on=template.action == "on" if switches else None,
    )
    try:
        message = filled(template, values)
        check_topic(message.topic)
    except TemplateError as error:
        return {**context, "dry_error": str(error)}
    return {
        **context,
        "dry_topic": message.topic,
        "dry_payload": message.payload.decode(),
    }


def _administrators_only(request: SignedInRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied
