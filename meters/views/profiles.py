from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from meters.domain.quantities import BY_NAME, QUANTITIES
from meters.families import Decoded, Message
from meters.families.message import UnusableMessageError
from meters.families.profiles import Profile, ProfileFamily
from meters.families.profiles.drafting import Draft, Found, draft
from meters.forms.profile import (
    ProfileForm,
    given_profile,
    rows_of,
    save,
    toml_of,
)
from meters.ingest.decode_again import decode_again
from meters.models import Profile as StoredProfile, RejectedMessage
from meters.queries.access import managed_sites
from meters.queries.unknown_messages import unknown_messages, unknown_topics
from meters.views.requests import SignedInRequest

UNITS = (
    *("", "W", "kW", "MW", "Wh", "kWh", "MWh", "V", "mV", "kV", "A", "mA"),
    *("var", "kvar", "VA", "kVA", "varh", "kvarh", "Hz", "%", "°C", "m³", "l", "m³/h"),
)


@login_required
def unknown_topic_list(request: SignedInRequest) -> HttpResponse:
    """Topics that no family knows, and the profiles that have been made."""
    _let_in(request)
    context = {
        "page": "discovered",
        "topics": unknown_topics(user=request.user, now=timezone.now()),
        "profiles": StoredProfile.objects.all(),
    }
    return render(request, "meters/unknown_topics.html", context)


@login_required
def profile_editor(request: SignedInRequest, message_id: int) -> HttpResponse:
    """Say what a message of an unknown topic means; see at once what comes of it."""
    kept = _message(request, message_id)
    found = _draft(request, kept)
    if request.method != "POST":
        return _editor(
            request,
            kept,
            found,
            ProfileForm.of(found.profile),
            found.found,
            found.profile,
            "",
        )
    form, profile, problem = given_profile(request.POST)
    rows = rows_of(request.POST) or found.found
    if profile is not None and "save" in request.POST:
        decoded = _decoded(profile, kept)
        if decoded.rejected is None and decoded.readings:
            try:
                save(profile, stored=None, user=request.user)
            except IntegrityError:
                problem = _("There is a profile “%(name)s” already.") % {
                    "name": profile.name
                }
            else:
                return _saved(request, profile, kept)
        else:
            problem = decoded.rejected or _("The message has no value.")
    return _editor(request, kept, found, form, rows, profile, problem)


@login_required
@require_POST
def profile_preview(request: SignedInRequest, message_id: int) -> HttpResponse:
    """What comes of the message by the profile as it stands in the form."""
    kept = _message(request, message_id)
    _form, profile, problem = given_profile(request.POST)
    context = {"preview": _preview(profile, kept, problem)}
    return render(request, "meters/parts/profile_preview.html", context)


@login_required
@require_POST
def profile_switch(request: SignedInRequest, profile_id: int) -> HttpResponse:
    """Let a profile rest, or use it again."""
    if not request.user.is_staff:
        raise PermissionDenied
    profile = get_object_or_404(StoredProfile, pk=profile_id)
    profile.enabled = not profile.enabled
    profile.save()
    return redirect("unknown_topics")


@dataclass(frozen=True, slots=True)
class Preview:
    """What comes of a message: readings, or the one sentence of what is wrong."""

    problem: str
    readings: list[Any]
    toml: str


def _let_in(request: SignedInRequest) -> None:
    user = request.user
    if not user.is_staff and not managed_sites(user=user, now=timezone.now()).exists():
        raise PermissionDenied


def _message(request: SignedInRequest, message_id: int) -> RejectedMessage:
    mine = unknown_messages(user=request.user, now=timezone.now())
    return get_object_or_404(mine, pk=message_id)


def _draft(request: SignedInRequest, kept: RejectedMessage) -> Draft:
    topics = unknown_topics(user=request.user, now=timezone.now())
    others = [item.topic for item in topics if item.topic != kept.topic]
    return draft([kept.topic, *others], bytes(kept.payload))


def _decoded(profile: Profile, kept: RejectedMessage) -> Decoded:
    family = ProfileFamily(profile)
    message = Message(kept.topic, bytes(kept.payload), kept.received_at)
    if not family.knows(kept.topic):
        reason = _("The topic of the message, %(topic)s, is not meant by the profile.")
        return Decoded(None, rejected=reason % {"topic": kept.topic})
    try:
        return family.decode(message)
    except UnusableMessageError as error:
        return Decoded(profile.name, rejected=str(error))


def _preview(profile: Profile | None, kept: RejectedMessage, problem: str) -> Preview:
    if profile is None:
        return Preview(problem, [], "")
    decoded = _decoded(profile, kept)
    readings = [
        {
            "device": reading.device,
            "time": reading.time if reading.time_source == "device" else None,
            "values": [
                (BY_NAME[name].label, value, BY_NAME[name].unit)
                for name, value in reading.quantities.items()
            ],
        }
        for reading in decoded.readings
    ]
    return Preview(problem or decoded.rejected or "", readings, toml_of(profile))


def _editor(
    request: SignedInRequest,
    kept: RejectedMessage,
    found: Draft,
    form: ProfileForm,
    rows: list[Found],
    profile: Profile | None,
    problem: str,
) -> HttpResponse:
    preview = _preview(profile, kept, problem)
    context = {
        "page": "discovered",
        "message": kept,
        "payload": bytes(kept.payload[:4000]).decode("utf-8", "replace"),
        "form": form,
        "rows": rows,
        "quantities": QUANTITIES,
        "units": UNITS,
        "preview": preview,
        "toml": request.POST.get("toml", "") or preview.toml,
        "use_toml": bool(request.POST.get("use_toml")),
    }
    return render(request, "meters/profile_editor.html", context)


def _saved(
    request: SignedInRequest, profile: Profile, kept: RejectedMessage
) -> HttpResponse:
    """Use what is kept of the profile's topics at once, and go to what it has found."""
    family = ProfileFamily(profile)
    mine = unknown_messages(user=request.user, now=timezone.now())
    topics = set(mine.values_list("topic", flat=True).distinct()[:1000])
    known = [topic for topic in topics if family.knows(topic)]
    again = decode_again(mine.filter(topic__in=known), now=timezone.now())
    text = ngettext(
        "Profile “%(name)s” is in use: %(count)d reading of what was kept is stored.",
        "Profile “%(name)s” is in use: %(count)d readings of what was kept are stored.",
        again.readings,
    )
    messages.success(request, text % {"name": profile.name, "count": again.readings})
    return redirect("discovered_meters")
