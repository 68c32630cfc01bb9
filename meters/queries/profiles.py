"""The profiles that users have made."""

import logging
from datetime import datetime

from django.db.models import Count, Max

from meters.families.profiles import Profile, ProfileError, read_profile
from meters.families.profiles.topics import lies_under
from meters.models import CommandTemplate, Meter, Profile as StoredProfile, User
from meters.queries.access import managed_sites, topic_prefixes

logger = logging.getLogger(__name__)


def profiles_version() -> tuple[int, object]:
    """Return what changes whenever a profile does."""
    found = StoredProfile.objects.aggregate(Count("pk"), Max("changed_at"))
    return found["pk__count"], found["changed_at__max"]


def enabled_profiles() -> list[Profile]:
    """Return those that are to be used; one that cannot be read is left out."""
    profiles = []
    for stored in StoredProfile.objects.filter(enabled=True):
        try:
            profiles.append(read_profile(stored.definition, where=stored.name))
        except ProfileError as error:
            logger.error("A profile cannot be used. %s", error)
    return profiles


def profiles_of(*, user: User, now: datetime) -> list[StoredProfile]:
    """Return those that are the user's to change.

    Staff all; managers those that mean nothing but topics under their prefixes.
    """
    found = StoredProfile.objects.all()
    if user.is_active and user.is_staff:
        return list(found)
    prefixes = topic_prefixes(managed_sites(user=user, now=now))
    return [stored for stored in found if prefixes and _is_within(stored, prefixes)]


def topics_beyond(profile: Profile, *, user: User, now: datetime) -> list[str]:
    """Return the topics of a profile that are not the user's to give a meaning."""
    if user.is_active and user.is_staff:
        return []
    return _beyond(profile, topic_prefixes(managed_sites(user=user, now=now)))


def name_is_in_use(name: str) -> bool:
    """Tell whether meters or command templates are of the profile of this name."""
    return (
        Meter.objects.filter(family=name).exists()
        or CommandTemplate.objects.filter(family=name).exists()
    )


def _is_within(stored: StoredProfile, prefixes: list[str]) -> bool:
    try:
        profile = read_profile(stored.definition, where=stored.name)
    except ProfileError:
        return False
    return not profile.recognise and not _beyond(profile, prefixes)


def _beyond(profile: Profile, prefixes: list[str]) -> list[str]:
    return [
        topic
        for topic in profile.topics
        if not any(lies_under(topic, prefix) for prefix in prefixes)
    ]
