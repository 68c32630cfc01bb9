// A live chart: the server's figure, drawn by plotly.js, in the colours of the scheme.

import { serverNow } from "./clock.js";

const REDRAW_EVERY_MS = 500;
const HOUR_MS = 3_600_000;
const MOST_POINTS = 8000;

function loadPlotly(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error("plotly.js could not be loaded")));
    document.head.append(script);
  });
}

// After the page is painted, and not in the way of anything.
const painted = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
});

// The site's clock, as the server writes it: without a zone.
const clock = (time, offset) => new Date(time + offset).toISOString().slice(0, -1);

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function themed(figure) {
  const text = token("--text-muted");
  const line = token("--line");
  for (const trace of figure.data) trace.line.color = token(trace.meta.colour);
  const { layout } = figure;
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: token("--line-strong"), spikecolor: text };
  Object.assign(layout.xaxis, axis);
  Object.assign(layout.yaxis, axis);
  layout.paper_bgcolor = "rgba(0,0,0,0)";
  layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font = { family: "system-ui, sans-serif", size: 12, color: text };
  layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: text, activecolor: token("--text") };
  layout.hoverlabel = {
    bgcolor: token("--raised"), bordercolor: line, font: { color: token("--text") },
  };
  return figure;
}

export class LiveChart {
  constructor(element, figure) {
    this.element = element;
    this.figure = figure;
    this.pending = new Map();
    this.lastTimes = new Map();
    this.isZoomed = false;
    this.timer = null;
    this.ready = this.draw();
  }

  async draw() {
    await painted();
    this.plotly = await loadPlotly(this.element.dataset.plotly);
    this.element.replaceChildren();
    this.remember();
    const { data, layout } = themed(this.figure);
    await this.plotly.newPlot(this.element, data, layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: "hover",
      modeBarButtons: [["toImage"]],
      toImageButtonOptions: { filename: this.element.dataset.saveName, scale: 2 },
    });
    this.element.on("plotly_relayout", (change) => {
      if ("xaxis.range[0]" in change || "xaxis.range" in change) this.isZoomed = true;
      if ("xaxis.autorange" in change) {
        this.isZoomed = false;
        this.follow(serverNow());
        this.plotly.redraw(this.element);
      }
    });
    document.addEventListener("themechange", () => this.restyle());
  }

  remember() {
    const offset = this.figure.layout.meta.offset_ms;
    for (const { meta, x } of this.figure.data) {
      this.lastTimes.set(meta.key, x.length ? Date.parse(`${x.at(-1)}Z`) - offset : 0);
    }
  }

  restyle() {
    const { data, layout } = themed({ data: this.element.data, layout: this.element.layout });
    this.plotly.react(this.element, data, layout);
  }

  // Another figure of the same lines, after a gap in the connection.
  async replace(figure) {
    await this.ready;
    this.figure = figure;
    this.pending.clear();
    this.remember();
    const { data, layout } = themed(figure);
    this.plotly.react(this.element, data, layout);
  }

  // A new point of a line; a gap longer than `longestMs` stays open.
  append(key, time, value, longestMs) {
    const last = this.lastTimes.get(key);
    if (last === undefined || !(time > last)) return;
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

// The chart of the page, if it has one.
export function startChart() {
  const element = document.getElementById("chart");
  if (!element) return null;
  const chart = new LiveChart(element, JSON.parse(document.getElementById("figure").textContent));
  chart.ready.catch((error) => {
    element.textContent = error.message;
  });
  return chart;
}
