"""Meters by a part of their name, for whoever may see them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from meters.models import Meter, User
from meters.queries.access import visible_meters

MOST_FOUND = 50


def search_meters(*, user: User, text: str, now: datetime) -> list[Meter]:
    """Return the user's meters with every word in name, device id or site."""
    words = text.split()
    if not words:
        return []
    meters = visible_meters(user=user, now=now).select_related("site")
    for word in words[:8]:
        meters = _with(meters, word)
    return list(meters.order_by("state", "name", "pk")[:MOST_FOUND])


def _with(meters: QuerySet[Meter], word: str) -> QuerySet[Meter]:
    return meters.filter(
        Q(name__icontains=word)
        | Q(device_id__icontains=word)
        | Q(site__name__icontains=word)
    )
