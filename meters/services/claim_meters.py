"""Claims many discovered meters, each of them whole or not at all."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from meters.models import Meter, Site
from meters.services.claim_meter import (
    AlreadyClaimedError,
    NotAFeederError,
    claim_meter,
)


class Claim(NamedTuple):
    """What one meter becomes; its parent may be claimed in the same go."""

    meter_id: int
    site: Site
    name: str
    parent_id: int | None
    # Whether the parent is one of those being claimed.
    parent_is_among: bool
    settings: dict[str, Any]


class Claimed(NamedTuple):
    """Those that are claimed now, and by meter id what kept the others from it."""

    meters: list[Meter]
    refused: dict[int, str]


@transaction.atomic
def claim_meters(claims: Sequence[Claim]) -> Claimed:
    """Claim meters from the top of the distribution down."""
    waiting = {claim.meter_id: claim for claim in claims}
    # All at once and in order: two people who claim the same do not block each other.
    list(
        Meter.objects.select_for_update()
        .filter(pk__in=waiting)
        .order_by("pk")
        .values_list("pk")
    )
    sites = Site.objects.filter(pk__in={claim.site.pk for claim in claims})
    list(sites.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    done: dict[int, Meter] = {}
    refused: dict[int, str] = {}
    while waiting:
        ready = [
            claim
            for claim in waiting.values()
            if not claim.parent_is_among or claim.parent_id not in waiting
        ]
        if not ready:
            circle = _("These meters would feed each other in a circle.")
            refused |= dict.fromkeys(waiting, circle)
            break
        for claim in ready:
            del waiting[claim.meter_id]
            meter = _claim(claim, done, refused)
            if meter is not None:
                done[meter.pk] = meter
    return Claimed(list(done.values()), refused)


def _claim(
    claim: Claim, done: dict[int, Meter], refused: dict[int, str]
) -> Meter | None:
    """Claim one; else say in `refused` why not."""
    parent = _parent_of(claim, done)
    if parent is None and claim.parent_id is not None:
        refused[claim.meter_id] = _("The meter that feeds it is not claimed yet.")
    elif parent is not None and parent.site_id != claim.site.pk:
        refused[claim.meter_id] = _("The meter that feeds it is of another site.")
    else:
        try:
            return claim_meter(
                meter_id=claim.meter_id,
                site=claim.site,
                name=claim.name,
                parent=parent,
                **claim.settings,
            )
        except AlreadyClaimedError:
            refused[claim.meter_id] = _("Somebody else has claimed this meter.")
        except NotAFeederError as error:
            refused[claim.meter_id] = str(error)
    return None


def _parent_of(claim: Claim, done: dict[int, Meter]) -> Meter | None:
    if claim.parent_id is None:
        return None
    if claim.parent_is_among:
        return done.get(claim.parent_id)
    return Meter.objects.filter(pk=claim.parent_id, state=Meter.State.ACTIVE).first()
