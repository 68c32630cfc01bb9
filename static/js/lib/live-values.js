// Newest values into the page: touches only the cells whose value came, once a frame.
//
//   <tr data-meter="12"> <td data-value="voltage_l1" data-decimals="1"> …
//
// A `data-derived` cell is written by the function of that name, which gets the meter's
// values and the row.

import { formatBits, formatFixed, formatPlain } from "./format.js";

export function put(element, shown) {
  if (element.textContent !== shown) element.textContent = shown;
}

function writerOf(element) {
  const { value: name, as = "fixed", decimals } = element.dataset;
  const format = { bits: formatBits, plain: formatPlain, fixed: formatFixed }[as];
  return (values) => put(element, format(values[name], Number(decimals)));
}

export class LiveValues {
  constructor({ derived = {}, onFrame = () => {} } = {}) {
    this.derived = derived;
    this.onFrame = onFrame;
    // By meter id: all newest values, whatever came in parts.
    this.values = new Map();
    this.times = new Map();
    this.touched = new Map();
    this.scheduled = false;
    this.meters = new Map();
  }

  // Finds the cells; again after a part of the page was replaced.
  index(root) {
    this.meters = new Map();
    for (const element of root.querySelectorAll("[data-meter]")) {
      const id = element.dataset.meter;
      if (!this.meters.has(id)) this.meters.set(id, { cells: new Map(), derived: [], states: [] });
      const meter = this.meters.get(id);
      for (const cell of element.querySelectorAll("[data-value]")) {
        const name = cell.dataset.value;
        meter.cells.set(name, [...(meter.cells.get(name) ?? []), writerOf(cell)]);
      }
      for (const cell of element.querySelectorAll("[data-derived]")) {
        const write = this.derived[cell.dataset.derived];
        meter.derived.push((values) => write(cell, values, element));
      }
      meter.states.push(...element.querySelectorAll("[data-stale-after]"));
    }
    this.writeNewer();
  }

  // A part that was fetched may be older than what came over the socket meanwhile.
  writeNewer() {
    for (const [id, time] of this.times) {
      const states = this.meters.get(id)?.states ?? [];
      const isNewer = ({ dataset }) => !(Date.parse(dataset.time) > Date.parse(time));
      if (states.every(isNewer)) this.touch(id, Object.keys(this.values.get(id)));
    }
  }

  // Whether every meter of the message has its place on the page.
  knows(message) {
    return Object.keys(message.meters).every((id) => this.meters.has(id));
  }

  take(message) {
    for (const [id, { time, values }] of Object.entries(message.meters)) {
      this.values.set(id, { ...this.values.get(id), ...values });
      this.times.set(id, time);
      this.touch(id, Object.keys(values));
    }
  }

  touch(id, names) {
    const touched = this.touched.get(id) ?? new Set();
    for (const name of names) touched.add(name);
    this.touched.set(id, touched);
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => this.flush());
  }

  flush() {
    const touched = this.touched;
    this.touched = new Map();
    this.scheduled = false;
    for (const [id, names] of touched) {
      const meter = this.meters.get(id);
      if (!meter) continue;
      const values = this.values.get(id);
      for (const name of names) for (const write of meter.cells.get(name) ?? []) write(values);
      for (const write of meter.derived) write(values);
      for (const state of meter.states) state.dataset.time = this.times.get(id);
    }
    this.onFrame(touched);
  }
}
