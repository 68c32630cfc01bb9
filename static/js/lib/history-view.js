// The chart over time with what stands around it: resolution, summary, table, states.

import { givenFigure } from "./chart.js";
import { formatAge, formatFixed } from "./format.js";
import { HistoryChart } from "./history-chart.js";
import { summary, tableRows } from "./series-lines.js";
import { text } from "./texts.js";
import { localTime } from "./zone.js";

const DECIMALS = { V: 1, A: 2, kWh: 2, kvarh: 2, Hz: 2, "%": 1, "°C": 1, "": 2 };

function cell(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  if (tag === "th") element.scope = className.includes("col") ? "col" : "row";
  return element;
}

function row(...cells) {
  const element = document.createElement("tr");
  element.append(...cells);
  return element;
}

export class HistoryView {
  constructor(section) {
    this.section = section;
    this.zone = document.documentElement.dataset.zone;
    this.address = window.location.href;
    const figure = givenFigure(section);
    this.names = new Map(figure.data.filter(({ meta }) => meta.part === "mean")
      .map((trace) => [trace.meta.quantity, trace.name]));
    this.part("#chart-table").addEventListener("toggle", () => this.writeTable());
    this.part(".chart-failed button").addEventListener("click", () => this.tryAgain());
    this.part("#zoom-back").addEventListener("click", () => this.chart.unzoomed());
    this.chart = new HistoryChart(this.part("#chart"), figure, {
      zone: this.zone,
      onSeries: (series) => this.write(series),
      onFail: () => this.say("failed"),
      onZoom: (range) => this.zoomed(range),
    });
    this.chart.ready.catch(() => this.say("failed"));
  }

  part(selector) {
    return this.section.querySelector(selector);
  }

  // "failed", "empty", or nothing to say.
  say(state) {
    this.part(".chart-failed").hidden = state !== "failed";
    this.part(".chart-empty").hidden = state !== "empty";
  }

  tryAgain() {
    this.say("");
    this.chart.load(this.chart.range);
  }

  zoomed(range) {
    this.part("#zoom-back").hidden = range === null;
    const address = new URL(this.address);
    if (range) {
      address.searchParams.delete("at");
      for (const [name, value] of [["period", "custom"], ["from", range[0]], ["to", range[1]]]) {
        address.searchParams.set(name, value);
      }
    }
    window.history.replaceState(window.history.state, "", address);
  }

  write(series) {
    this.series = series;
    const isEmpty = !series.lines.some(({ mean }) => mean.some((value) => value !== null));
    this.say(isEmpty ? "empty" : "");
    const step = formatAge(series.step_s);
    this.part("#chart-resolution").textContent = isEmpty
      ? "" : text(series.step_s ? "resolution" : "resolution_raw", { step });
    this.writeSummary();
    this.writeTable();
  }

  decimals(line) {
    return DECIMALS[line.unit] ?? 3;
  }

  writeSummary() {
    const found = this.series.lines.map((line) => ({ line, sums: summary(line) }))
      .filter(({ sums }) => sums);
    this.part("#chart-summary").hidden = !found.length;
    this.part("#chart-summary tbody").replaceChildren(...found.map(({ line, sums }) => {
      const figure = (value) => formatFixed(value, this.decimals(line));
      const when = (time) => cell("td", localTime(time, this.zone), "wide-only muted");
      return row(
        cell("th", this.names.get(line.quantity) ?? line.quantity),
        cell("td", figure(sums.min.value), "number"), when(sums.min.time),
        cell("td", figure(sums.mean), "number"),
        cell("td", figure(sums.max.value), "number"), when(sums.max.time),
      );
    }));
  }

  // Only when somebody wants to see it.
  writeTable() {
    if (!this.part("#chart-table").open || !this.series) return;
    const { lines, step_s: step } = this.series;
    const table = document.createElement("table");
    table.className = "dense";
    const head = table.createTHead();
    head.className = "sticky";
    head.append(row(
      cell("th", text("time_in", { zone: this.zone }), "col"),
      ...lines.map((line) => cell("th", `${this.names.get(line.quantity) ?? line.quantity} ${line.unit}`, "number col")),
    ));
    table.createTBody().append(...tableRows(lines).map(([time, values]) => row(
      cell("th", localTime(time, this.zone, { seconds: !step })),
      ...values.map((value, n) => cell("td", formatFixed(value, this.decimals(lines[n])), "number")),
    )));
    this.part("#chart-table .chart-table").replaceChildren(table);
  }

  close() {
    this.chart.close();
  }
}
