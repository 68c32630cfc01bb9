"""Notes which devices are there, as their availability messages say."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from meters.live.announce import announce, site_group
from meters.models import Meter
from meters.services.discover_meters import Device


def note_presence(online: Mapping[Device, tuple[bool, datetime]]) -> int:
    """
    Set `is_online` of meters that it has changed for; return how many.

    Parameters
    ----------
    online : mapping of (family, device id) to (is there, since when)
        A device's message holds for its channels ``<id>/…`` too.
    """
    count = 0
    sites: set[int] = set()
    for (family, device_id), (is_online, at) in online.items():
        changed = Meter.objects.filter(
            Q(device_id=device_id) | Q(device_id__startswith=f"{device_id}/"),
            family=family,
        ).exclude(is_online=is_online)
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
