// The last hour, to which new values are appended.

import { Chart, givenFigure } from "./chart.js";
import { serverNow } from "./clock.js";

const REDRAW_EVERY_MS = 1000;
const HOUR_MS = 3_600_000;
// As many as the server draws; an hour with a point for each of them stays as large.
const MOST_POINTS = 1600;
const LEAST_STEP_MS = HOUR_MS / 1500;

// The site's clock, as the server writes it: without a zone.
const clock = (time, offset) => new Date(time + offset).toISOString().slice(0, -1);

export class LiveChart extends Chart {
  constructor(element, figure) {
    super(element, figure);
    this.pending = new Map();
    this.lastTimes = new Map();
    this.isZoomed = false;
    this.timer = null;
  }

  async prepare() {
    this.remember();
  }

  remember() {
    const offset = this.figure.layout.meta.offset_ms;
    for (const { meta, x } of this.figure.data) {
      this.lastTimes.set(meta.key, x.length ? Date.parse(`${x.at(-1)}Z`) - offset : 0);
    }
  }

  zoomed() {
    this.isZoomed = true;
  }

  unzoomed() {
    this.isZoomed = false;
    this.follow(serverNow());
    this.plotly.redraw(this.element);
  }

  // Another figure of the same lines, after a gap in the connection.
  async replace(figure) {
    await this.ready;
    this.figure = figure;
    this.pending.clear();
    this.remember();
    this.show(figure);
  }

  // A new point of a line; a gap longer than `longestMs` stays open.
  append(key, time, value, longestMs) {
    const last = this.lastTimes.get(key);
    if (last === undefined || !(time > last) || time - last < LEAST_STEP_MS) return;
    const points = this.pending.get(key) ?? { x: [], y: [] };
    if (last > 0 && time - last > longestMs) {
      points.x.push((last + time) / 2);
      points.y.push(null);
    }
    points.x.push(time);
    points.y.push(value);
    this.pending.set(key, points);
    this.lastTimes.set(key, time);
    this.timer ??= setTimeout(() => this.flush(), REDRAW_EVERY_MS);
  }

  async flush() {
    this.timer = null;
    await this.ready;
    // Nobody looks: what waits is drawn when somebody does.
    if (document.hidden) {
      this.timer = setTimeout(() => this.flush(), REDRAW_EVERY_MS);
      return;
    }
    const offset = this.element.layout.meta.offset_ms;
    const x = [];
    const y = [];
    const indices = [];
    this.element.data.forEach(({ meta }, index) => {
      const points = this.pending.get(meta.key);
      if (!points) return;
      indices.push(index);
      x.push(points.x.map((time) => clock(time, offset)));
      y.push(points.y);
    });
    this.pending.clear();
    if (!indices.length) return;
    this.follow(Math.max(serverNow(), ...this.lastTimes.values()));
    await this.plotly.extendTraces(this.element, { x, y }, indices, MOST_POINTS);
  }

  // The last hour stays in view, unless somebody looks closer.
  follow(now) {
    if (this.isZoomed) return;
    const offset = this.element.layout.meta.offset_ms;
    const range = [clock(now - HOUR_MS, offset), clock(now, offset)];
    Object.assign(this.element.layout.xaxis, { range, autorange: false });
  }
}

// The live chart of the page, if it has one.
export function startLiveChart() {
  const element = document.getElementById("chart");
  if (!element) return null;
  const chart = new LiveChart(element, givenFigure());
  chart.ready.catch((error) => {
    element.textContent = error.message;
  });
  return chart;
}
