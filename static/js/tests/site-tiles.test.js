import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = { getElementById: () => null };
const { siteTotals } = await import("../lib/site-tiles.js");

const incomer = (id, dataset = {}) => ({ id, row: { dataset: { sign: "1", ...dataset } } });
const live = (meters) => ({
  values: new Map(Object.entries(meters).map(([id, [, values]]) => [id, values])),
  times: new Map(Object.entries(meters).map(([id, [time]]) => [id, time])),
});
const NOON = "2026-03-01T12:00:00Z";
const LATER = "2026-03-01T12:00:10Z";

test("the site is the sum of its incomers, a generator against it", () => {
  const site = siteTotals([incomer("1"), incomer("2", { sign: "-1" })], live({
    1: [NOON, { active_power: 100, reactive_power: 40 }],
    2: [LATER, { active_power: 30, reactive_power: 10 }],
  }));
  assert.equal(site.power, 70);
  assert.deepEqual(site.values, { active_power: 70, reactive_power: 30 });
  assert.deepEqual([site.oldest, site.time], [Date.parse(NOON), Date.parse(LATER)]);
});

test("one incomer keeps all of its values", () => {
  const values = { active_power: 8, apparent_power: 10, reactive_power: 6 };
  assert.equal(siteTotals([incomer("1")], live({ 1: [NOON, values] })).values, values);
});

test("without the reactive power of all of them there is none of the site", () => {
  const site = siteTotals([incomer("1"), incomer("2")], live({
    1: [NOON, { active_power: 1, reactive_power: 1 }], 2: [NOON, { active_power: 1 }],
  }));
  assert.equal("reactive_power" in site.values, false);
});

test("an incomer that has not been heard adds nothing", () => {
  const silent = siteTotals([incomer("1")], live({}));
  assert.deepEqual([silent.power, silent.imported], [null, null]);
  const partly = siteTotals([incomer("1"), incomer("2")], live({ 1: [NOON, { active_power: 5 }] }));
  assert.equal(partly.power, 5);
});

test("energy counts on from the registers at midnight", () => {
  const rows = [incomer("1", { importStart: "100", exportStart: "7" }), incomer("2")];
  const site = siteTotals(rows, live({
    1: [NOON, { active_power: 1, active_energy_import: 150.5, active_energy_export: 9 }],
    2: [NOON, { active_power: 1, active_energy_import: 3 }],
  }));
  assert.deepEqual([site.imported, site.exported], [50.5, 2]);
});

test("a register that went back counts nothing", () => {
  const rows = [incomer("1", { importStart: "100" })];
  const site = siteTotals(rows, live({ 1: [NOON, { active_power: 1, active_energy_import: 3 }] }));
  assert.equal(site.imported, null);
});
