// Phasors, bars and rests: the same cases as meters/tests/test_electrical_pictures.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { contradicts, restOf } from "../lib/balance.js";
import { barGroups } from "../lib/phase-bars.js";
import { diagram } from "../lib/phasors.js";

const cases = (name) => JSON.parse(readFileSync(new URL(`${name}-cases.json`, import.meta.url)));
const near = (found, wanted, tolerance = 1e-3) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${found} is not ${wanted}`);

for (const { name, values, source, phasors } of cases("phasor")) {
  test(`phasors: ${name}`, () => {
    const found = diagram(values);
    assert.equal(found.source, source);
    assert.deepEqual(found.phasors.map(({ kind, phase }) => [kind, phase]), phasors.map((p) => p.slice(0, 2)));
    phasors.forEach(([, , size, angle], n) => {
      near(found.phasors[n].size, size);
      near(found.phasors[n].angle, angle);
    });
  });
}

for (const { name, values, nominal, rated, groups } of cases("phase-bar")) {
  test(`bars: ${name}`, () => {
    const found = barGroups(values, { nominalVoltage: nominal, ratedCurrent: rated });
    assert.deepEqual(found.map(({ quantity, reference }) => [quantity, reference]), groups.map((g) => [g[0], g[2]]));
    groups.forEach(([, mark, , bars], n) => {
      if (mark === null) assert.equal(found[n].mark, null);
      else near(found[n].mark, mark, 1e-9);
      assert.deepEqual(found[n].bars.map(({ phase }) => phase), bars.map(([phase]) => phase));
      bars.forEach(([, share], m) => near(found[n].bars[m].share, share, 1e-9));
    });
  });
}

for (const { name, above, below, rest, contradicts: says } of cases("balance")) {
  test(`rest: ${name}`, () => {
    const found = restOf(above, below);
    if (rest === null) assert.equal(found, null);
    else near(found, rest, 1e-9);
    assert.equal(contradicts(found, above, below), says);
  });
}
