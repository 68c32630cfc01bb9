"""The API of sites, meters and their newest values; each list is the user's own."""

from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import conditional_page
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view
from ninja.errors import HttpError

from meters.domain.quantities import BY_NAME
from meters.models import Meter, Site
from meters.queries.access import get_visible_meter, visible_meters, visible_sites
from meters.queries.history import MOST_POINTS, HistoryLine, history
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


class SeriesIn(Schema):
    """What to draw: some quantities of some meters in [start, end)."""

    meter: list[int] = Field(max_length=20)
    quantity: list[str] = Field(max_length=12)
    start: datetime
    end: datetime
    points: int = Field(1_000, ge=10, le=MOST_POINTS)


class LineOut(Schema):
    """
    One quantity of one meter, in columns.

    `time` is in milliseconds since 1970. Where `step_s` is 0 the line holds every
    reading, and there is no `min` or `max`. A null in `mean` is a gap.
    """

    meter: int
    quantity: str
    unit: str
    time: list[int]
    mean: list[float | None]
    min: list[float | None] | None = None
    max: list[float | None] | None = None


class SeriesOut(Schema):
    """Lines of one step. [s]"""

    start: datetime
    end: datetime
    step_s: int
    lines: list[LineOut]


@router.get("/series", response=SeriesOut)
@decorate_view(conditional_page)
def get_series(request: HttpRequest, wanted: Query[SeriesIn]) -> HttpResponse:
    for name in wanted.quantity:
        if name not in BY_NAME:
            raise HttpError(422, f"There is no quantity “{name}”.")
    if wanted.start.tzinfo is None or wanted.end.tzinfo is None:
        raise HttpError(422, "start and end need a zone, like 2026-03-01T00:00:00Z.")
    if wanted.start >= wanted.end:
        raise HttpError(422, "start must lie before end.")
    visible = visible_meters(user=request.user, now=timezone.now())
    meters = {meter.pk: meter for meter in visible.filter(pk__in=wanted.meter)}
    if len(meters) != len(set(wanted.meter)):
        raise Http404
    found = history(
        [meters[id_] for id_ in dict.fromkeys(wanted.meter)],
        list(dict.fromkeys(wanted.quantity)),
        start=wanted.start,
        end=wanted.end,
        points=wanted.points,
    )
    content = {
        "start": wanted.start,
        "end": wanted.end,
        "step_s": found.step_s,
        "lines": [_line_out(line, raw=not found.step_s) for line in found.lines],
    }
    # Thousands of numbers: checking each against the schema would take longer than
    # the query. msgspec writes NaN as null.
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")


def _line_out(line: HistoryLine, *, raw: bool) -> dict[str, Any]:
    columns = {
        "meter": line.meter.pk,
        "quantity": line.quantity.name,
        "unit": line.quantity.unit,
        "time": np.rint(line.time * 1000).astype(np.int64).tolist(),
        "mean": np.round(line.mean, 4).tolist(),
    }
    if not raw:
        columns["min"] = np.round(line.low, 4).tolist()
        columns["max"] = np.round(line.high, 4).tolist()
    return columns
