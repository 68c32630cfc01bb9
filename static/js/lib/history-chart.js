// Quantities over a period: fetched for what is looked at, down to single readings.

import { Chart } from "./chart.js";
import { serverNow } from "./clock.js";
import { tracePoints } from "./series-lines.js";
import { localTime, offsetAt, ticks, written } from "./zone.js";

const LEAST_SPAN_MS = 10_000;
const HOUR_MS = 3_600_000;
const REFRESH_LEAST_MS = 30_000;

export class HistoryChart extends Chart {
  // onSeries is called with what was fetched, onFail with what went wrong.
  constructor(element, figure, { zone, onSeries, onFail, onZoom }) {
    super(element, figure);
    Object.assign(this, { zone, onSeries, onFail, onZoom });
    const { start, end } = element.dataset;
    this.whole = [Date.parse(start), Date.parse(end)];
    this.range = this.whole;
    this.isZoomed = false;
    this.fetching = null;
    this.timer = null;
  }

  async prepare() {
    await this.fetchSeries();
    this.fill();
  }

  get isRunning() {
    return this.element.dataset.running !== undefined && !this.isZoomed;
  }

  async fetchSeries() {
    if (this.isRunning && this.element.dataset.running === "hour") {
      const now = serverNow();
      this.whole = [now - HOUR_MS, now];
      this.range = this.whole;
    }
    const [start, end] = this.range.map((time) => new Date(time).toISOString());
    const points = Math.max(200, Math.min(2000, Math.round(this.element.clientWidth)));
    this.fetching?.abort();
    const fetching = new AbortController();
    this.fetching = fetching;
    const query = new URLSearchParams({ start, end, points });
    try {
      const answer = await fetch(`${this.element.dataset.series}&${query}`, { signal: fetching.signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      this.series = await answer.json();
    } catch (error) {
      if (fetching.signal.aborted) return false;
      this.series ??= { step_s: 0, lines: [] };
      this.onFail(error);
      return false;
    } finally {
      if (this.fetching === fetching) this.fetching = null;
    }
    this.onSeries(this.series, this.range);
    this.again();
    return true;
  }

  // A period that goes on is fetched again; single readings are appended as they come.
  again() {
    clearTimeout(this.timer);
    if (!this.isRunning || this.abort.signal.aborted) return;
    const every = Math.max(REFRESH_LEAST_MS, this.series.step_s * 1000);
    this.timer = setTimeout(() => (document.hidden ? this.again() : this.load(this.range)), every);
  }

  fill() {
    const [start, end] = this.range;
    const { data, layout } = this.figure;
    const { lines, step_s: step } = this.series;
    this.offset = offsetAt(start, this.zone);
    const changes = offsetAt(end, this.zone) !== this.offset;
    tracePoints(data, lines, this.offset).forEach((points, index) => {
      Object.assign(data[index], points);
      if (data[index].meta.part !== "band") this.nameTimes(data[index], changes, step);
    });
    const marks = ticks(start, end, this.zone, { most: this.element.clientWidth < 500 ? 5 : 10 });
    Object.assign(layout.xaxis, {
      range: [start + this.offset, end + this.offset],
      autorange: false,
      tickvals: marks.map(({ time }) => time + this.offset),
      ticktext: marks.map(({ text }) => text),
      hoverformat: step ? "%a %-d %b %Y %H:%M" : "%a %-d %b %Y %H:%M:%S",
      unifiedhovertitle: { text: changes ? " " : "" },
    });
    layout.yaxis.autorange = true;
  }

  // plotly.js knows no zones: where the clocks change, each point says its own time.
  nameTimes(trace, changes, step) {
    const { unit } = this.figure.layout.meta;
    const figure = unit.endsWith("h") ? ",.2f" : ".5~g";
    trace.hovertemplate = `${changes ? "%{customdata} · " : ""}%{y:${figure}} ${unit}`;
    trace.customdata = changes
      ? trace.x.map((x) => localTime(x - this.offset, this.zone, { seconds: !step }))
      : undefined;
  }

  // Shows another range; the one that was asked for last is the one that is shown.
  async load(range) {
    this.range = range;
    if (!(await this.fetchSeries()) || !this.plotly) return;
    this.fill();
    this.show(this.figure);
  }

  zoomed(range) {
    const [start, end] = range.map((at) => (
      typeof at === "number" ? at : Date.parse(`${at.replace(" ", "T")}Z`)
    ) - this.offset);
    const span = Math.max(LEAST_SPAN_MS, end - start);
    this.isZoomed = true;
    this.onZoom([written(start, this.zone), written(start + span, this.zone)]);
    this.load([start, start + span]);
  }

  unzoomed() {
    this.isZoomed = false;
    this.onZoom(null);
    this.load(this.whole);
  }

  // New values of the meter: where single readings are shown up to now, they go on.
  append(time, values, longestMs) {
    if (!this.isRunning || !this.series || this.series.step_s !== 0) return;
    for (const line of this.series.lines) {
      const value = values[line.quantity];
      const last = line.time.at(-1) ?? 0;
      if (value === undefined || !(time > last)) continue;
      if (last && time - last > longestMs) {
        line.time.push((last + time) / 2);
        line.mean.push(null);
      }
      line.time.push(time);
      line.mean.push(value);
      this.isLonger = true;
    }
    if (this.isLonger) this.drawing ??= setTimeout(() => this.drawOn(), 1000);
  }

  async drawOn() {
    this.drawing = null;
    this.isLonger = false;
    await this.ready;
    if (!this.isRunning || this.abort.signal.aborted || document.hidden) return;
    if (this.element.dataset.running === "hour") {
      this.whole = [serverNow() - HOUR_MS, serverNow()];
      this.range = this.whole;
    }
    this.fill();
    this.show(this.figure);
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.drawing);
    this.fetching?.abort();
    super.close();
  }
}
