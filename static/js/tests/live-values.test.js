import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LiveValues } from "../lib/live-values.js";

// As much of an element as LiveValues touches; counts how often it is written.
class Cell {
  #text = "";

  writes = 0;

  constructor(dataset) {
    this.dataset = dataset;
  }

  get textContent() {
    return this.#text;
  }

  set textContent(text) {
    this.#text = text;
    this.writes += 1;
  }
}

function row(id, { values = [], derived = [], states = [] }) {
  const found = {
    "[data-value]": values, "[data-derived]": derived, "[data-stale-after]": states,
  };
  return { dataset: { meter: id }, querySelectorAll: (selector) => found[selector] };
}

const page = (...rows) => ({ querySelectorAll: () => rows });
const message = (meters) => ({ type: "frame", meters });
const at = (second) => `2026-01-05T10:00:${second}Z`;

let frames;
beforeEach(() => {
  frames = [];
  globalThis.requestAnimationFrame = (callback) => frames.push(callback);
});
const paint = () => frames.splice(0).forEach((callback) => callback());

test("only the cells whose value came are written, once a frame", () => {
  const volts = new Cell({ value: "voltage_l1", decimals: "1" });
  const amperes = new Cell({ value: "current_l1", decimals: "2" });
  const live = new LiveValues();
  live.index(page(row("7", { values: [volts, amperes] })));
  live.take(message({ 7: { time: "t1", values: { voltage_l1: 230 } } }));
  live.take(message({ 7: { time: "t2", values: { voltage_l1: 231.44 } } }));
  assert.equal(frames.length, 1);
  paint();
  assert.deepEqual([volts.textContent, volts.writes], ["231.4", 1]);
  assert.equal(amperes.writes, 0);
  assert.equal(live.times.get("7"), "t2");
});

test("a value that is shown already is not written again", () => {
  const volts = new Cell({ value: "voltage_l1", decimals: "1" });
  const live = new LiveValues();
  live.index(page(row("7", { values: [volts] })));
  for (const value of [230.01, 230.02]) {
    live.take(message({ 7: { time: "t", values: { voltage_l1: value } } }));
    paint();
  }
  assert.equal(volts.writes, 1);
});

test("values that come in parts are kept together", () => {
  const seen = [];
  const sum = new Cell({ derived: "sum" });
  const live = new LiveValues({ derived: { sum: (cell, values) => seen.push(values) } });
  live.index(page(row("7", { derived: [sum] })));
  live.take(message({ 7: { time: "t", values: { active_power: 1 } } }));
  paint();
  live.take(message({ 7: { time: "t", values: { reactive_power: 2 } } }));
  paint();
  assert.deepEqual(seen.at(-1), { active_power: 1, reactive_power: 2 });
});

test("bits and ratios are written in their own way", () => {
  const inputs = new Cell({ value: "digital_inputs", as: "bits" });
  const ratio = new Cell({ value: "ct_ratio", as: "plain" });
  const live = new LiveValues();
  live.index(page(row("7", { values: [inputs, ratio] })));
  live.take(message({ 7: { time: "t", values: { digital_inputs: 5, ct_ratio: 40 } } }));
  paint();
  assert.deepEqual([inputs.textContent, ratio.textContent], ["1, 3", "40"]);
});

test("a meter may stand at several places of a page", () => {
  const first = new Cell({ value: "voltage_l1", decimals: "1" });
  const second = new Cell({ value: "voltage_l1", decimals: "0" });
  const live = new LiveValues();
  live.index(page(row("7", { values: [first] }), row("7", { values: [second] })));
  live.take(message({ 7: { time: "t", values: { voltage_l1: 230.4 } } }));
  paint();
  assert.deepEqual([first.textContent, second.textContent], ["230.4", "230"]);
});

test("a meter without a place is noticed and does no harm", () => {
  const touched = [];
  const live = new LiveValues({ onFrame: (meters) => touched.push(...meters.keys()) });
  live.index(page(row("7", {})));
  const unknown = message({ 8: { time: "t", values: { voltage_l1: 230 } } });
  assert.equal(live.knows(unknown), false);
  assert.equal(live.knows(message({ 7: { time: "t", values: {} } })), true);
  live.take(unknown);
  paint();
  assert.deepEqual(touched, ["8"]);
});

test("the state of a meter gets the time of its newest value", () => {
  const state = new Cell({ staleAfter: "60" });
  const live = new LiveValues();
  live.index(page(row("7", { states: [state] })));
  live.take(message({ 7: { time: "2026-03-01T12:00:00Z", values: { voltage_l1: 1 } } }));
  paint();
  assert.equal(state.dataset.time, "2026-03-01T12:00:00Z");
});

test("a part that was fetched before a newer value came does not hide it", () => {
  const live = new LiveValues();
  const shown = (second) => {
    const volts = new Cell({ value: "voltage_l1", decimals: "1" });
    const state = { dataset: { staleAfter: "30", time: at(second) } };
    volts.textContent = "of the page";
    live.index(page(row("7", { values: [volts], states: [state] })));
    paint();
    return volts.textContent;
  };
  shown("01");
  live.take(message({ 7: { time: at("05"), values: { voltage_l1: 231.4 } } }));
  assert.equal(shown("03"), "231.4");
  // While the socket was away the page knows more
  assert.equal(shown("09"), "of the page");
});
