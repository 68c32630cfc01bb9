import assert from "node:assert/strict";
import { test } from "node:test";

import { countdown } from "../lib/format.js";

const NOW = Date.parse("2026-03-01T12:00:00Z");

test("a countdown shows what is left, and nothing when it is over", () => {
  assert.equal(countdown("2026-03-01T12:00:42Z", NOW), "42 s");
  // A part of a second is still to wait for
  assert.equal(countdown("2026-03-01T12:00:00.2Z", NOW), "1 s");
  assert.equal(countdown("2026-03-01T12:00:00Z", NOW), "");
  assert.equal(countdown("2026-03-01T11:00:00Z", NOW), "");
});
