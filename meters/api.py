"""The API of sites, meters and their newest values; each list is the user's own."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from meters.models import Meter, Site
from meters.queries.access import get_visible_meter, visible_meters, visible_sites
from meters.queries.newest import newest_values

router = Router(tags=["meters"])


class SiteOut(Schema):
    """A site."""

    slug: str
    name: str
    time_zone: str
    currency: str


class MeterOut(Schema):
    """A claimed meter."""

    id: int
    site: str
    name: str
    family: str
    device_id: str
    state: str
    parent_id: int | None

    @staticmethod
    def resolve_site(meter: Meter) -> str:
        return meter.site.slug if meter.site else ""


class NewestOut(Schema):
    """The newest value of each quantity, in the unit of the table of quantities."""

    time: datetime
    values: dict[str, float]
    extra: dict[str, Any]


@router.get("/sites", response=list[SiteOut])
def list_sites(request: HttpRequest) -> list[Site]:
    return list(visible_sites(user=request.user, now=timezone.now()))


@router.get("/meters", response=list[MeterOut])
def list_meters(request: HttpRequest, site: str | None = None) -> list[Meter]:
    meters = visible_meters(user=request.user, now=timezone.now())
    if site is not None:
        meters = meters.filter(site__slug=site)
    return list(meters.select_related("site"))


@router.get("/meters/{int:meter_id}/newest", response=NewestOut)
def get_newest(request: HttpRequest, meter_id: int) -> NewestOut:
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=timezone.now())
    newest = newest_values([meter]).get(meter_id) if meter else None
    if newest is None:
        raise Http404
    return NewestOut(time=newest.time, values=newest.values, extra=newest.extra)
