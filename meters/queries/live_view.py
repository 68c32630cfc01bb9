"""Which meters one socket may show."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser

from meters.domain.scaling import Factors
from meters.live.hub import frame_text
from meters.models import Meter, User
from meters.queries.access import get_visible_meter, get_visible_site, visible_meters
from meters.queries.newest import newest_values


class LiveView(NamedTuple):
    """A site, and the factors of those of its meters that somebody may see."""

    site_id: int
    factors: Mapping[int, Factors]


def site_view(
    *, user: User | AnonymousUser, slug: str, now: datetime
) -> LiveView | None:
    """Return what the user sees of a site; None where that is nothing."""
    site = get_visible_site(user=user, slug=slug, now=now)
    if site is None:
        return None
    meters = visible_meters(user=user, now=now).filter(site=site)
    return LiveView(site.pk, {meter.pk: meter.factors for meter in meters})


def meter_view(
    *, user: User | AnonymousUser, meter_id: int, now: datetime
) -> LiveView | None:
    """Return the view of one meter; None where the user may not see it."""
    meter = get_visible_meter(user=user, meter_id=meter_id, now=now)
    if meter is None or meter.site_id is None:
        return None
    return LiveView(meter.site_id, {meter.pk: meter.factors})


def snapshot_text(meter_ids: list[int]) -> str:
    """Return the message with the newest values of these meters."""
    newest = newest_values(Meter.objects.filter(pk__in=meter_ids))
    return frame_text(
        "snapshot",
        {
            id_: (int(item.time.timestamp() * 1000), item.values)
            for id_, item in newest.items()
        },
    )
