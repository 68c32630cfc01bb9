"""Which meters of a site are signed off, and which one a label belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Length

from meters.models import Commissioning, Meter, Site, User
from meters.queries.access import claimable_meters, commissionable_meters

MOST_FOUND = 20
# A shorter serial number stands in many texts by chance.
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class CommissionedMeter:
    """A meter with its newest sign-off, if there is one."""

    meter: Meter
    at: datetime | None
    name: str


def meters_to_commission(
    *, site: Site, user: User, now: datetime
) -> list[CommissionedMeter]:
    """Return the meters that the user may sign off, those not signed off first."""
    newest = Commissioning.objects.filter(meter=OuterRef("pk")).order_by("-pk")
    meters = (
        commissionable_meters(user=user, now=now)
        .filter(site=site)
        .annotate(
            signed_at=Subquery(newest.values("at")[:1]),
            signed_by=Subquery(newest.values("name")[:1]),
        )
        .order_by(F("signed_at").desc(nulls_first=True), "name", "pk")
    )
    return [
        CommissionedMeter(meter, meter.signed_at, meter.signed_by or "")
        for meter in meters
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """What a serial number, a name or a label led to."""

    meters: list[Meter]
    # They send, but belong to no site yet.
    discovered: list[Meter]


def find_meters(
    texts: Iterable[str], *, site: Site, user: User, now: datetime
) -> Found:
    """
    Return the meters that any of the texts names.

    A text is a serial number or its beginning, a name, or what a label says, such as
    an address with the serial number in it. Meters known exactly go before others.
    """
    own = commissionable_meters(user=user, now=now).filter(site=site)
    discovered = claimable_meters(user=user, now=now)
    wanted = [text.strip() for text in texts if text.strip()]
    return Found(_matching(own, wanted), _matching(discovered, wanted))


def _matching(meters: QuerySet[Meter], texts: list[str]) -> list[Meter]:
    if not texts:
        return []
    # Channels of a device, 4711/1 and 4711/2, have its serial number on one label.
    exact = Q(pk__in=[])
    for text in texts:
        exact |= Q(device_id__iexact=text) | Q(device_id__istartswith=f"{text}/")
    found = list(meters.filter(exact).order_by("device_id")[:MOST_FOUND])
    if found:
        return found
    loose = Q(pk__in=[])
    for text in texts:
        loose |= Q(name__icontains=text)
        if len(text) >= _SHORTEST:
            loose |= Q(device_id__icontains=text)
    found = list(meters.filter(loose).order_by("name", "device_id")[:MOST_FOUND])
    return found or _named_in(meters, texts)


def _named_in(meters: QuerySet[Meter], texts: list[str]) -> list[Meter]:
    """Return the meters whose serial number stands somewhere in a text."""
    long_enough = meters.alias(length=Length("device_id")).filter(length__gte=_SHORTEST)
    within = Q(pk__in=[])
    for number, text in enumerate(texts):
        name = f"text_{number}"
        long_enough = long_enough.alias(**{name: Value(text, TextField())})
        within |= Q(**{f"{name}__icontains": F("device_id")})
    return list(long_enough.filter(within).order_by("device_id")[:MOST_FOUND])
