"""Notes which devices are there, as their availability messages say."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from meters.live.announce import announce, site_group
from meters.models import Meter


class Present(NamedTuple):
    """A device, and the sites by whose topic prefix it spoke; none: by no prefix."""

    family: str
    device_id: str
    sites: frozenset[int]


def note_presence(online: Mapping[Present, tuple[bool, datetime]]) -> int:
    """
    Set `is_online` of meters that it has changed for; return how many.

    Parameters
    ----------
    online : mapping of Present to (is there, since when)
        A device's message holds for its channels ``<id>/…`` too; of a meter of another
        site than those it came by, it says nothing.
    """
    count = 0
    sites: set[int] = set()
    for (family, device_id, by_sites), (is_online, at) in online.items():
        changed = Meter.objects.filter(
            Q(device_id=device_id) | Q(device_id__startswith=f"{device_id}/"),
            family=family,
        ).exclude(is_online=is_online)
        if by_sites:
            changed = changed.filter(Q(site__isnull=True) | Q(site__in=by_sites))
        found = dict(changed.values_list("pk", "site_id"))
        if not found:
            continue
        Meter.objects.filter(pk__in=found).update(
            is_online=is_online, online_changed_at=at, changed_at=timezone.now()
        )
        count += len(found)
        sites |= {site_id for site_id in found.values() if site_id is not None}
    for site_id in sites:
        transaction.on_commit(partial(announce, site_group(site_id)))
    return count
