"""Charts as plotly.js draws them; colours are names of the style sheet's tokens."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
from django.utils.translation import gettext

from meters.domain.quantities import Quantity
from meters.domain.series import Line, Series
from meters.models import Meter

# The browser puts the token's colour of the scheme in use; these are the light ones.
_TOTAL = ("--data-import", "#4477AA")
_FEED = ("--data-export", "#228833")
_FEEDERS = (
    ("--line-1", "#0E8FB8"),
    ("--line-2", "#AA3377"),
    ("--line-3", "#8A7A12"),
    ("--line-4", "#6F6A8E"),
    ("--line-5", "#A65628"),
)
# Bands of more lines than these cover each other.
_MOST_BANDS = 4
_PHASE_TOKENS = {
    **dict.fromkeys(("l1", "l12"), "--phase-1"),
    **dict.fromkeys(("l2", "l23"), "--phase-2"),
    **dict.fromkeys(("l3", "l31"), "--phase-3"),
}
# Below zero power flows the other way, and has that way's colour.
_OTHER_WAY = {"--data-import": "--data-export", "--data-export": "--data-import"}
_FEEDING = (Meter.PositivePower.GENERATION, Meter.PositivePower.DISCHARGE)


def power_figure(
    lines: Sequence[Line], *, total_name: str, zone: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """
    Return the figure of the last hour's power, the first line the most prominent.

    plotly.js knows no time zones: times are written as the site's clock shows them, by
    the offset of now, which the browser adds to what it appends.
    """
    offset = now.astimezone(zone).utcoffset() or timedelta(0)
    neutral = iter(_FEEDERS)
    figure = go.Figure(
        data=[
            _trace(
                line,
                _TOTAL if line is lines[0] else _FEED if line.feeds else next(neutral),
                name=line.name or total_name,
                offset=offset,
            )
            for line in lines
        ],
        layout=_layout(now=now, offset=offset),
    )
    return _drawn(figure)


def history_figure(
    quantities: Sequence[Quantity], meter: Meter, *, start: datetime, end: datetime
) -> dict[str, Any]:
    """
    Return the figure of quantities of one unit over a period, still without values.

    The browser fills it from the API, anew for each zoom: for every quantity a line of
    means between a band from minimum to maximum. It also writes the times along the
    axis, which knows no zones.
    """
    colours = line_colours(quantities, meter)
    with_band = len(quantities) <= _MOST_BANDS
    figure = go.Figure(
        data=[
            trace
            for quantity in quantities
            for trace in _history_traces(
                quantity, colours[quantity.name], with_band=with_band
            )
        ],
        layout=_history_layout(quantities, meter, start=start, end=end),
    )
    return _drawn(figure)


def line_colours(quantities: Sequence[Quantity], meter: Meter) -> dict[str, str]:
    """Return the token of each quantity's colour, by what it means."""
    neutral = iter([token for token, _ in _FEEDERS] * 2)
    return {
        quantity.name: _meaning(quantity, meter) or next(neutral)
        for quantity in quantities
    }


def _meaning(quantity: Quantity, meter: Meter) -> str:
    phase = _PHASE_TOKENS.get(quantity.name.rpartition("_")[2])
    if phase:
        return phase
    feeds = meter.positive_power in _FEEDING
    if quantity.name == "active_power":
        return "--data-export" if feeds else "--data-import"
    # A battery that discharges imports nothing: its register counts the other way.
    if quantity.name == "active_energy_import":
        return "--data-export" if feeds else "--data-import"
    if quantity.name in {"active_energy_export", "active_demand_export"}:
        return "--data-import" if feeds else "--data-export"
    return "--data-limit" if quantity.name == "active_demand" else ""


def _history_traces(
    quantity: Quantity, colour: str, *, with_band: bool
) -> Iterator[go.Scatter]:
    def trace(part: str, token: str, **style: Any) -> go.Scatter:
        meta = {"quantity": quantity.name, "part": part, "colour": token}
        return go.Scatter(
            x=[], y=[], mode="lines", connectgaps=False, meta=meta, **style
        )

    if with_band:
        yield trace("band", colour, fill="toself", line={"width": 0}, hoverinfo="skip")
    line = {"width": 1.75, "shape": "hv" if quantity.kind == "state" else "linear"}
    yield trace("mean", colour, name=_label(quantity), line=line)
    if quantity.name == "active_power":
        yield trace(
            "negative", _OTHER_WAY[colour], name=_label(quantity), line=dict(line)
        )


def _label(quantity: Quantity) -> str:
    return f"{gettext(quantity.base_label)} {quantity.suffix}".strip()


def _history_layout(
    quantities: Sequence[Quantity], meter: Meter, *, start: datetime, end: datetime
) -> go.Layout:
    layout = _layout(now=end, offset=timedelta(0))
    layout.xaxis.tickformatstops = ()
    layout.xaxis.tickmode = "array"
    layout.xaxis.range = [start.timestamp() * 1000, end.timestamp() * 1000]
    layout.xaxis.hoverformat = ""
    unit = quantities[0].unit
    layout.yaxis.ticksuffix = f" {unit}" if unit else ""
    from_zero = unit in {"kW", "kvar", "kVA", "A", "%"}
    layout.yaxis.rangemode = "tozero" if from_zero else "normal"
    layout.shapes = [_reference_line(*line) for line in _references(unit, meter)]
    layout.meta = {"unit": unit}
    return layout


def _references(unit: str, meter: Meter) -> Iterator[tuple[float, str]]:
    """Yield what the values are to be compared with: a value and its name."""
    if unit == "V" and meter.nominal_voltage:
        yield meter.nominal_voltage, gettext("nominal")
    if unit == "A" and meter.rated_current:
        yield meter.rated_current, gettext("rated")


def _reference_line(value: float, name: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"width": 1, "dash": "dot", "color": "#EE6677"},
        "label": {"text": f"{name} {value:g}", "textposition": "end"},
    }


def _drawn(figure: go.Figure) -> dict[str, Any]:
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
