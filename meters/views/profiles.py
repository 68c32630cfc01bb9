"""The profiles that users have made, beside the messages that no family knows."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from meters.families.profiles import ProfileError, read_profile
from meters.models import Profile as StoredProfile
from meters.queries.access import managed_sites
from meters.queries.profiles import profiles_of
from meters.queries.unknown_messages import unknown_topics
from meters.views.requests import SignedInRequest


@login_required
def unknown_topic_list(request: SignedInRequest) -> HttpResponse:
    """Topics that no family knows, and the profiles that have been made."""
    user, now = request.user, timezone.now()
    if not user.is_staff and not managed_sites(user=user, now=now).exists():
        raise PermissionDenied
    context = {
        "page": "discovered",
        "topics": unknown_topics(user=user, now=now),
        "profiles": [
            {"stored": stored, "topics": _topics(stored)}
            for stored in profiles_of(user=user, now=now)
        ],
    }
    return render(request, "meters/unknown_topics.html", context)


@login_required
@require_POST
def profile_switch(request: SignedInRequest, profile_id: int) -> HttpResponse:
    """Let a profile rest, or use it again."""
    profile = profile_of(request, profile_id)
    profile.enabled = not profile.enabled
    profile.save()
    return redirect("unknown_topics")


def profile_of(request: SignedInRequest, profile_id: int) -> StoredProfile:
    """Return a profile if it is theirs to change."""
    theirs = profiles_of(user=request.user, now=timezone.now())
    found = next((stored for stored in theirs if stored.pk == profile_id), None)
    if found is None:
        raise Http404
    return found


def _topics(stored: StoredProfile) -> str:
    try:
        return ", ".join(read_profile(stored.definition, where=stored.name).topics)
    except ProfileError:
        return ""
