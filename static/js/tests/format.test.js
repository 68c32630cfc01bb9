import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as electrical from "../lib/electrical.js";
import {
  countdown, formatAge, formatBits, formatCurrent, formatEnergy, formatFixed, formatMeasure,
  formatPlain, formatPower, formatVoltage,
} from "../lib/format.js";

const cases = JSON.parse(readFileSync(new URL("./format-cases.json", import.meta.url)));

test("measures have three or four digits and a fitting unit, as in Python", () => {
  for (const [value, unit, expected] of cases.measure) {
    const measure = formatMeasure(value, unit);
    assert.equal(`${measure.figure} ${measure.unit}`.trimEnd(), expected, `${value} ${unit}`);
  }
});

test("fixed decimals round as in Python", () => {
  for (const [value, decimals, expected] of cases.fixed) {
    assert.equal(formatFixed(value, decimals), expected, `${value}, ${decimals}`);
  }
});

test("ages, bits and numbers as sent are written as in Python", () => {
  for (const [seconds, expected] of cases.age) assert.equal(formatAge(seconds), expected);
  for (const [value, expected] of cases.plain) assert.equal(formatPlain(value), expected);
  for (const [mask, expected] of cases.bits) assert.equal(formatBits(mask), expected);
});

test("each unit has its function", () => {
  assert.equal(formatPower(0.95), "950 W");
  assert.equal(formatEnergy(3210), "3.21 MWh");
  assert.equal(formatVoltage(231.44), "231.4 V");
  assert.equal(formatCurrent(4.56789), "4.57 A");
});

test("what is no number is shown as nothing", () => {
  for (const value of [undefined, null, NaN, Infinity, "12"]) {
    assert.equal(formatFixed(value, 1), "–");
    assert.equal(formatMeasure(value, "kW").figure, "–");
    assert.equal(formatBits(value), "–");
  }
});

test("power factor, its character, voltage and current are computed as in Python", () => {
  for (const { values, ...expected } of cases.electrical) {
    const factor = electrical.powerFactor(values);
    if (expected.power_factor === null) assert.equal(factor, null);
    else assert.ok(Math.abs(factor - expected.power_factor) < 1e-9, JSON.stringify(values));
    assert.equal(electrical.character(values), expected.character, JSON.stringify(values));
    if ("mean_voltage" in expected) {
      assert.equal(electrical.meanVoltage(values), expected.mean_voltage);
      assert.equal(electrical.highestCurrent(values), expected.highest_current);
    }
  }
});

test("a countdown shows what is left, and nothing when it is over", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  assert.equal(countdown("2026-03-01T12:00:42Z", now), "42 s");
  // A part of a second is still to wait for
  assert.equal(countdown("2026-03-01T12:00:00.2Z", now), "1 s");
  assert.equal(countdown("2026-03-01T12:00:00Z", now), "");
  assert.equal(countdown("2026-03-01T11:00:00Z", now), "");
});
