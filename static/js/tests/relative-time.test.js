import assert from "node:assert/strict";
import test from "node:test";

// The server's clock is five minutes ahead of this machine's.
globalThis.document = {
  documentElement: {
    dataset: { now: new Date(Date.now() + 300_000).toISOString(), zone: "Europe/Berlin" },
  },
  getElementById: () => ({
    textContent: JSON.stringify({ ago: "%(age)s ago", old: "%(age)s old", silent: "nothing" }),
  }),
};
const { Ages, ageText, stateOf } = await import("../lib/relative-time.js");
const { clockTime, serverNow } = await import("../lib/clock.js");

test("a value is stale after its time, and silent without one", () => {
  assert.equal(stateOf(60, 60), "fresh");
  assert.equal(stateOf(60.1, 60), "stale");
  assert.equal(stateOf(NaN, 60), "silent");
});

test("fresh is ago, stale is old", () => {
  assert.equal(ageText("fresh", 20), "20 s ago");
  assert.equal(ageText("stale", 750), "12 min old");
  assert.equal(ageText("silent", NaN), "nothing");
});

test("ages are told by the server's clock", () => {
  assert.ok(Math.abs(serverNow() - Date.now() - 300_000) < 1000);
});

test("a time is shown as the site's clock shows it", () => {
  assert.equal(clockTime(Date.UTC(2026, 6, 1, 12, 3, 5)), "14:03:05");
});

test("a fresh value turns stale by itself, with its icon and its row", () => {
  const row = { dataset: { age: "fresh" } };
  const words = { textContent: "" };
  const icon = { href: "/static/icons.svg#fresh" };
  const use = {
    getAttribute: () => icon.href,
    setAttribute: (_, href) => { icon.href = href; },
  };
  const element = {
    dataset: {
      state: "fresh", staleAfter: "60", time: new Date(serverNow() - 130_000).toISOString(),
    },
    querySelector: (selector) => (selector === "use" ? use : words),
    closest: () => row,
  };
  const ages = new Ages({ querySelectorAll: () => [element] });
  assert.equal(words.textContent, "2 min old");
  assert.equal(icon.href, "/static/icons.svg#stale");
  assert.equal(row.dataset.age, "stale");
  // And back, when a value comes
  element.dataset.time = new Date(serverNow()).toISOString();
  ages.tick();
  assert.equal(element.dataset.state, "fresh");
  assert.equal(words.textContent, "0 s ago");
});
