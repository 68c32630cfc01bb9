"""The profiles that users have made."""

import logging

from django.db.models import Count, Max

from meters.families.profiles import Profile, ProfileError, read_profile
from meters.models import Profile as StoredProfile

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
