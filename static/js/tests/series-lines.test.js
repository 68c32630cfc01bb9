import assert from "node:assert/strict";
import test from "node:test";

import { band, splitAtZero, summary, tableRows, tracePoints } from "../lib/series-lines.js";

const trace = (part, quantity = "active_power") => ({ meta: { part, quantity } });
const line = (time, mean, rest = {}) => ({ quantity: "active_power", time, mean, ...rest });

test("a band is a polygon, forth along the maxima and back along the minima", () => {
  assert.deepEqual(band(line([0, 1], [2, 2], { min: [1, 1], max: [3, 4] }), 10), {
    x: [10, 11, 11, 10, null], y: [3, 4, 1, 1, null],
  });
});

test("a band is not drawn across a gap", () => {
  const found = band(line([0, 1, 2], [2, null, 2], { min: [1, null, 1], max: [3, null, 3] }), 0);
  assert.deepEqual(found.x, [0, 0, null, 2, 2, null]);
});

test("single readings have no band", () => {
  assert.deepEqual(band(line([0], [1]), 0), { x: [], y: [] });
});

test("a line that crosses zero goes on in the other colour from there", () => {
  const [above, below] = splitAtZero([0, 10], [5, -5]);
  assert.deepEqual(above, { x: [0, 5, 10], y: [5, 0, null] });
  assert.deepEqual(below, { x: [0, 5, 10], y: [null, 0, -5] });
});

test("a gap where a line would cross zero stays a gap", () => {
  const [above, below] = splitAtZero([0, 5, 10], [5, null, -5]);
  assert.deepEqual(above.y, [5, null, null]);
  assert.deepEqual(below.y, [null, null, -5]);
});

test("traces get the points of their quantity, by the site's clock", () => {
  const traces = [trace("mean", "voltage_l2"), trace("mean", "voltage_l1")];
  const found = tracePoints(traces, [{ quantity: "voltage_l1", time: [1], mean: [230] }], 100);
  assert.deepEqual(found, [{ x: [], y: [] }, { x: [101], y: [230] }]);
});

test("the line below zero is empty while nothing flows the other way", () => {
  const traces = [trace("mean"), trace("negative")];
  assert.deepEqual(tracePoints(traces, [line([1, 2], [1, 0])], 0), [
    { x: [1, 2], y: [1, 0] }, { x: [], y: [] },
  ]);
  assert.deepEqual(tracePoints(traces, [line([1, 2], [1, -1])], 0)[1].y, [null, 0, -1]);
});

test("the summary knows the extremes inside the means, and when they were", () => {
  assert.deepEqual(summary(line([1, 2, 3], [10, null, 20], { min: [4, null, 15], max: [12, null, 31] })), {
    min: { value: 4, time: 1 }, mean: 15, max: { value: 31, time: 3 },
  });
  assert.equal(summary(line([1], [null])), null);
});

test("the table has one row an instant, the newest first, without gaps", () => {
  const rows = tableRows([
    { time: [1, 2, 3], mean: [10, null, 30] },
    { time: [3, 4], mean: [5, 6] },
  ]);
  assert.deepEqual(rows, [[4, [null, 6]], [3, [30, 5]], [1, [10, null]]]);
});
