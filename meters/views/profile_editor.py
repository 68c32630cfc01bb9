"""Say what a device's messages mean, and see at once what comes of one of them."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from meters.domain.quantities import BY_NAME, QUANTITIES
from meters.families import Decoded, Message, Registry
from meters.families.profiles import (
    Profile,
    ProfileError,
    ProfileFamily,
    read_profile,
)
from meters.families.profiles.drafting import draft
from meters.families.profiles.mapping import Found, beside, taken
from meters.forms.profile import (
    ProfileForm,
    beyond_the_form,
    given_profile,
    rows_given,
    save,
    toml_of,
)
from meters.ingest.batch import KEPT_PAYLOAD
from meters.ingest.decode_again import decode_again
from meters.models import Meter, Profile as StoredProfile
from meters.queries.access import longest_prefix
from meters.queries.profiles import name_is_in_use, topics_beyond
from meters.queries.unknown_messages import (
    messages_meant_by,
    unknown_messages,
    unknown_topics,
)
from meters.views.profiles import profile_of
from meters.views.requests import SignedInRequest

UNITS = (
    *("", "W", "kW", "MW", "Wh", "kWh", "MWh", "V", "mV", "kV", "A", "mA"),
    *("var", "kvar", "VA", "kVA", "varh", "kvarh", "Hz", "%", "°C", "m³", "l", "m³/h"),
)
_LONGEST_TOPIC = 1_000
# Of {"sn": "A7", "data": [{"at": 1782907100, "point": [{"id": 13, "val": 1250}]}]}.
TOML_EXAMPLE = """\
name = "hall-meter"
topics = ["hall/{}/data", "yard/{}/data"]
each = "data"                # a list of instants; paths are within each
missing = [-127, "--"]       # of every quantity

[device]
path = "sn"

[time]
path = "at"
zone = "Europe/Berlin"

[records]                    # a list of records that name their quantity
path = "point"
key = "id"
value = "val"

[quantities]
active_power = { path = "13", unit = "W", factor = 0.1 }
"""


@dataclass(slots=True)
class _Editing:
    """A profile in the making or in change, and the message that it is tried on."""

    message: Message
    form: ProfileForm
    rows: list[Found]
    profile: Profile | None
    # The one sentence of what is wrong.
    problem: str = ""
    # None while it is new.
    stored: StoredProfile | None = None
    fixed_name: str = ""
    # Of the kept message, while it is new.
    message_id: int = 0
    # The definition as it was written, where that counts and not the form.
    text: str = ""


@login_required
def profile_editor(request: SignedInRequest, message_id: int) -> HttpResponse:
    """Make a profile from a message of an unknown topic."""
    editing = _new(request, message_id)
    if request.method == "POST":
        _take_given(request, editing)
        if "save" in request.POST and _save(request, editing):
            return redirect("discovered_meters")
    return _page(request, editing)


@login_required
def change_profile(request: SignedInRequest, profile_id: int) -> HttpResponse:
    """Change a profile; what comes of it is shown on a message of its topic."""
    editing = _change(request, profile_id)
    if request.method == "POST":
        _take_given(request, editing)
        if "save" in request.POST and _save(request, editing):
            return redirect("unknown_topics")
        editing.rows = _beside(request, editing)
    return _page(request, editing)


@login_required
@require_POST
def profile_preview(
    request: SignedInRequest,
    message_id: int | None = None,
    profile_id: int | None = None,
) -> HttpResponse:
    """What comes of the message by the profile as it stands in the form."""
    if profile_id is not None:
        editing = _change(request, profile_id)
    else:
        editing = _new(request, message_id or 0)
    _take_given(request, editing)
    context = {"preview": _preview(editing)}
    return render(request, "meters/parts/profile_preview.html", context)


# --- What is edited -------------------------------------------------------------------


def _new(request: SignedInRequest, message_id: int) -> _Editing:
    user, now = request.user, timezone.now()
    kept = get_object_or_404(unknown_messages(user=user, now=now), pk=message_id)
    others = [
        item.topic
        for item in unknown_topics(user=user, now=now)
        if item.topic != kept.topic
    ]
    message = Message(kept.topic, bytes(kept.payload), kept.received_at)
    prefix = longest_prefix(kept.topic)
    profile, rows = draft([kept.topic, *others], message.payload, prefix=prefix)
    form = ProfileForm(base=profile)
    return _Editing(message, form, rows, profile, message_id=kept.pk)


def _change(request: SignedInRequest, profile_id: int) -> _Editing:
    stored = profile_of(request, profile_id)
    problem = text = ""
    try:
        profile = base = read_profile(stored.definition, where=stored.name)
    except ProfileError as error:
        profile, base, problem = None, Profile(stored.name), str(error)
        text = stored.definition
    fixed_name = stored.name if name_is_in_use(stored.name) else ""
    form = ProfileForm(base=base, fixed_name=fixed_name)
    is_given = request.method == "POST"
    message = (
        _given_message(request) if is_given else _example(request, stored, profile)
    )
    editing = _Editing(
        message, form, taken(base), profile, problem, stored, fixed_name, text=text
    )
    if not is_given:
        editing.rows = _beside(request, editing)
    return editing


def _example(
    request: SignedInRequest, stored: StoredProfile, profile: Profile | None
) -> Message:
    """Return the newest message that is kept, else the one that was tried last."""
    now = timezone.now()
    if profile is not None:
        kept = messages_meant_by(ProfileFamily(profile), user=request.user, now=now)
        newest = kept.order_by("-pk").first()
        if newest is not None:
            return Message(newest.topic, bytes(newest.payload), newest.received_at)
    if stored.example_payload:
        return Message(stored.example_topic, bytes(stored.example_payload), now)
    meter = Meter.objects.filter(family=stored.name).order_by("-pk").first()
    return Message(meter.first_topic if meter else "", b"", now)


def _take_given(request: SignedInRequest, editing: _Editing) -> None:
    """Let the form say how the profile is to be, and what it is tried on."""
    given = request.POST
    base, fixed_name = editing.form.base, editing.fixed_name
    editing.form = ProfileForm(given, base=base, fixed_name=fixed_name)
    editing.rows = rows_given(given) or editing.rows
    editing.profile, editing.problem = given_profile(
        given, editing.form, fixed_name=fixed_name
    )
    editing.text = given.get("toml", "") if given.get("use_toml") else ""
    if editing.profile is not None:
        editing.problem = _beyond(request, editing.profile)


def _given_message(request: SignedInRequest) -> Message:
    topic = request.POST.get("sample_topic", "").replace("\0", "").strip()
    payload = request.POST.get("sample", "").strip().encode()
    return Message(topic[:_LONGEST_TOPIC], payload[:KEPT_PAYLOAD], timezone.now())


def _beyond(request: SignedInRequest, profile: Profile) -> str:
    """Say which of its messages are not the user's to give a meaning."""
    topics = topics_beyond(profile, user=request.user, now=timezone.now())
    if topics:
        return _(
            "topics: “%(topic)s” means more than what comes under the topic prefix of"
            " a site that you manage."
        ) % {"topic": topics[0]}
    if profile.recognise and not request.user.is_staff:
        return _("recognise: only administrators may let messages of any topic count.")
    return ""


# --- What comes of it -----------------------------------------------------------------


def _decoded(profile: Profile, message: Message) -> Decoded:
    family = ProfileFamily(profile)
    if not family.knows(message.topic) and not family.recognises(message):
        reason = _("The topic of the message, %(topic)s, is not meant by the profile.")
        return Decoded(None, rejected=reason % {"topic": message.topic or "–"})
    registry = Registry()
    registry.use_profiles([profile])
    return registry.decode(message, family=profile.name)


def _preview(editing: _Editing) -> dict[str, Any]:
    """Return readings, or the one sentence of what is wrong; and the definition."""
    profile, problem = editing.profile, editing.problem
    preview: dict[str, Any] = {"problem": problem, "toml": ""}
    if profile is None:
        return preview
    preview["toml"] = toml_of(profile)
    if not editing.message.payload:
        return {**preview, "is_without_message": True}
    decoded = _decoded(profile, editing.message)
    if not problem and not decoded.readings:
        preview["problem"] = decoded.rejected or _("The message has no value.")
    preview["readings"] = [
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
    return preview


def _beside(request: SignedInRequest, editing: _Editing) -> list[Found]:
    """Return the rows beside what the message holds now."""
    topics = unknown_topics(user=request.user, now=timezone.now())
    return beside(
        editing.rows,
        editing.profile or editing.form.base,
        [editing.message.topic, *(item.topic for item in topics)],
        editing.message.payload,
    )


def _page(request: SignedInRequest, editing: _Editing) -> HttpResponse:
    preview = _preview(editing)
    stored = editing.stored
    untouched = stored.definition if stored and request.method == "GET" else ""
    context = {
        "page": "discovered",
        "message": editing.message,
        "message_id": editing.message_id,
        "payload": editing.message.payload.decode("utf-8", "replace"),
        "form": editing.form,
        "rows": editing.rows,
        "quantities": QUANTITIES,
        "units": (*UNITS, *sorted({row.unit for row in editing.rows} - set(UNITS))),
        "preview": preview,
        "stored": stored,
        "beyond_the_form": beyond_the_form(editing.form.base),
        "toml": editing.text
        or untouched
        or preview["toml"]
        or request.POST.get("toml", ""),
        "use_toml": bool(editing.text),
        "toml_example": TOML_EXAMPLE,
    }
    return render(request, "meters/profile_editor.html", context)


# --- Saving ---------------------------------------------------------------------------


def _save(request: SignedInRequest, editing: _Editing) -> bool:
    """Store it where it can be used, else say why not; return whether it is stored."""
    profile = editing.profile
    if profile is None or editing.problem:
        return False
    if editing.message.payload or editing.stored is None:
        decoded = _decoded(profile, editing.message)
        if decoded.rejected is not None or not decoded.readings:
            editing.problem = decoded.rejected or _("The message has no value.")
            return False
    try:
        with transaction.atomic():
            stored = save(
                profile,
                text=editing.text,
                stored=editing.stored,
                example=editing.message,
                user=request.user,
            )
    except IntegrityError:
        editing.problem = _("name: there is a profile “%(name)s” already.") % {
            "name": profile.name
        }
        return False
    if stored.enabled:
        _use(request, profile)
    else:
        messages.success(
            request,
            _("Profile “%(name)s” is saved; it is at rest.") % {"name": profile.name},
        )
    return True


def _use(request: SignedInRequest, profile: Profile) -> None:
    """Use what is kept of the profile's messages at once."""
    now = timezone.now()
    kept = messages_meant_by(ProfileFamily(profile), user=request.user, now=now)
    again = decode_again(kept, now=now)
    text = ngettext(
        "Profile “%(name)s” is in use: %(count)d reading of what was kept is stored.",
        "Profile “%(name)s” is in use: %(count)d readings of what was kept are stored.",
        again.readings,
    )
    messages.success(request, text % {"name": profile.name, "count": again.readings})
