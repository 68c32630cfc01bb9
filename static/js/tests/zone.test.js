import assert from "node:assert/strict";
import test from "node:test";

import { localTime, offsetAt, ticks, written } from "../lib/zone.js";

const BERLIN = "Europe/Berlin";
const at = (text) => Date.parse(text);
const texts = (start, end, options, zone = BERLIN) =>
  ticks(at(start), at(end), zone, options).map(({ text }) => text);

test("the offset is that of the instant, whatever the season", () => {
  assert.equal(offsetAt(at("2026-03-29T00:59:59Z"), BERLIN), 3_600_000);
  assert.equal(offsetAt(at("2026-03-29T01:00:00Z"), BERLIN), 7_200_000);
  assert.equal(offsetAt(at("2026-01-01T00:00:00.5Z"), "Asia/Kathmandu"), 20_700_000);
});

test("a time is what the site's clock shows", () => {
  assert.equal(localTime(at("2026-03-10T13:05:09Z"), BERLIN), "10 Mar 14:05");
  assert.equal(localTime(at("2026-03-10T23:05:09Z"), BERLIN, { seconds: true }), "11 Mar 00:05:09");
});

test("in an address only the second of two same hours has its offset", () => {
  assert.equal(written(at("2026-10-25T00:30:00Z"), BERLIN), "2026-10-25T02:30:00");
  assert.equal(written(at("2026-10-25T01:30:00Z"), BERLIN), "2026-10-25T02:30:00+01:00");
  assert.equal(written(at("2026-10-25T02:30:00Z"), BERLIN), "2026-10-25T03:30:00");
});

test("a day is marked by the site's clock, not by UTC", () => {
  assert.deepEqual(
    texts("2026-03-09T23:00:00Z", "2026-03-10T23:00:00Z", { most: 9 }),
    ["10 Mar", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "11 Mar"],
  );
});

test("a day of 25 hours has its marks where its clock shows them", () => {
  const [start, end] = [at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")];
  const found = ticks(start, end, BERLIN, { most: 10 });
  assert.deepEqual(found.map(({ text }) => text).slice(0, 3), ["25 Oct", "03:00", "06:00"]);
  // 03:00 comes four hours after midnight
  assert.equal(found[1].time - found[0].time, 4 * 3_600_000);
});

test("hours around the double hour: it is marked twice", () => {
  assert.deepEqual(
    texts("2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z", { most: 6 }),
    ["01:00", "02:00", "02:00", "03:00", "04:00"],
  );
});

test("hours around the missing hour: it is not marked", () => {
  assert.deepEqual(
    texts("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z", { most: 6 }),
    ["01:00", "01:30", "03:00", "03:30", "04:00", "04:30", "05:00"].slice(0, 7),
  );
});

test("a year is marked by months, with the year at January", () => {
  assert.deepEqual(
    texts("2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z", { most: 10 }).slice(0, 3),
    ["Jan 2026", "Feb", "Mar"],
  );
});

test("ten years are marked by years", () => {
  assert.deepEqual(texts("2016-12-31T23:00:00Z", "2026-12-31T22:00:00Z", { most: 9 }).slice(0, 2), ["2017", "2018"]);
});

test("any span has some marks, and not too many", () => {
  for (let span = 1000; span < 4e11; span *= 1.7) {
    const start = at("2026-10-20T12:34:56.789Z");
    const found = ticks(start, start + span, BERLIN);
    assert.ok(found.length <= 14, `${span}: ${found.length}`);
    assert.ok(found.every(({ time }, n) => n === 0 || time > found[n - 1].time), `${span}`);
  }
});
