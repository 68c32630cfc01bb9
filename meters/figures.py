"""Charts as plotly.js draws them; colours are names of the style sheet's tokens."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go

from meters.domain.series import Line, Series

# The browser puts the token's colour of the scheme in use; these are the light ones.
_TOTAL = ("--data-import", "#4477AA")
_FEEDERS = (
    ("--line-1", "#0E8FB8"),
    ("--line-2", "#AA3377"),
    ("--line-3", "#8A7A12"),
    ("--line-4", "#6F6A8E"),
    ("--line-5", "#A65628"),
)


def power_figure(
    lines: Sequence[Line], *, total_name: str, zone: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """
    Return the figure of the last hour's power, the first line the most prominent.

    plotly.js knows no time zones: times are written as the site's clock shows them, by
    the offset of now, which the browser adds to what it appends.
    """
    offset = now.astimezone(zone).utcoffset() or timedelta(0)
    figure = go.Figure(
        data=[
            _trace(line, colour, name=line.name or total_name, offset=offset)
            for line, colour in zip(lines, (_TOTAL, *_FEEDERS), strict=False)
        ],
        layout=_layout(now=now, offset=offset),
    )
    drawn: dict[str, Any] = figure.to_dict()
    # The template repeats plotly's own defaults: seven kilobytes of them.
    drawn["layout"].pop("template", None)
    return drawn


def _trace(
    line: Line, colour: tuple[str, str], *, name: str, offset: timedelta
) -> go.Scatter:
    token, light = colour
    return go.Scatter(
        # plotly.js reads some HTML in names; a meter's name is text.
        name=escape(name, quote=False),
        x=[_clock(time, offset) for time in line.series.times],
        y=_listed(line.series),
        mode="lines",
        connectgaps=False,
        line={"color": light, "width": 2 if token == _TOTAL[0] else 1.5},
        hovertemplate="%{y:.4~g} kW",
        meta={"key": line.key, "colour": token},
    )


def _layout(*, now: datetime, offset: timedelta) -> go.Layout:
    end = now.timestamp()
    return go.Layout(
        margin={"l": 56, "r": 12, "t": 8, "b": 24},
        hovermode="x unified",
        dragmode="zoom",
        showlegend=False,
        xaxis={
            "type": "date",
            "range": [_clock(end - 3600, offset), _clock(end, offset)],
            "tickformatstops": [
                {"dtickrange": [None, 59_000], "value": "%H:%M:%S"},
                {"dtickrange": [60_000, None], "value": "%H:%M"},
            ],
            "hoverformat": "%H:%M:%S",
            "showspikes": True,
            "spikethickness": 1,
            "spikedash": "solid",
            "spikemode": "across",
            "fixedrange": False,
        },
        yaxis={
            "rangemode": "tozero",
            "showspikes": False,
            "ticksuffix": " kW",
            "fixedrange": True,
            "nticks": 6,
        },
        meta={"offset_ms": offset.total_seconds() * 1000},
    )


def _clock(time: float, offset: timedelta) -> str:
    """Return what the site's clock shows, to the millisecond, without a zone."""
    shown = datetime.fromtimestamp(time, UTC) + offset
    return shown.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _listed(series: Series) -> list[float | None]:
    """Return the values as JSON knows them: no NaN, six digits."""
    return [
        None if np.isnan(value) else float(f"{value:.6g}") for value in series.values
    ]
