import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { ACCESS_ENDED, LiveSocket, pauseBefore } from "../lib/live-socket.js";

class FakeSocket extends EventTarget {
  static all = [];

  constructor(url) {
    super();
    this.url = String(url);
    FakeSocket.all.push(this);
  }

  receive(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(message) }));
  }

  drop(code = 1006) {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  close() {
    this.drop(1000);
  }
}

let states;
let messages;
let socket;
const newest = () => FakeSocket.all.at(-1);

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.all = [];
  globalThis.WebSocket = FakeSocket;
  globalThis.window = { location: { href: "https://energy.example.com/sites/a/" } };
  states = [];
  messages = [];
  socket = new LiveSocket("/ws/sites/a/", {
    onState: (state) => states.push(state),
    onMessage: (message) => messages.push(message),
  });
});

test("it connects to the page's own host, encrypted where the page is", () => {
  socket.open();
  assert.equal(newest().url, "wss://energy.example.com/ws/sites/a/");
  assert.deepEqual(states, ["connecting"]);
});

test("it is live with the first message, not with the open socket", () => {
  socket.open();
  newest().dispatchEvent(new Event("open"));
  assert.deepEqual(states, ["connecting"]);
  newest().receive({ type: "snapshot", meters: {} });
  assert.deepEqual(states, ["connecting", "live"]);
  assert.deepEqual(messages, [{ type: "snapshot", meters: {} }]);
});

test("a lost connection is taken up again", () => {
  socket.open();
  newest().receive({});
  newest().drop();
  assert.equal(states.at(-1), "disconnected");
  mock.timers.tick(499);
  assert.equal(FakeSocket.all.length, 2);
  newest().receive({});
  assert.equal(states.at(-1), "live");
});

test("pauses grow, have a longest one, and differ between browsers", () => {
  assert.equal(pauseBefore(0, 0), 250);
  assert.equal(pauseBefore(0, 1), 500);
  assert.equal(pauseBefore(3, 1), 4000);
  assert.equal(pauseBefore(20, 1), 30_000);
  assert.equal(pauseBefore(2000, 0), 15_000);
});

test("a refused handshake is tried again with growing pauses", () => {
  mock.method(Math, "random", () => 1);
  socket.open();
  for (const pause of [500, 1000, 2000, 4000]) {
    const count = FakeSocket.all.length;
    newest().drop();
    mock.timers.tick(pause - 1);
    assert.equal(FakeSocket.all.length, count);
    mock.timers.tick(1);
    assert.equal(FakeSocket.all.length, count + 1);
  }
  mock.restoreAll();
});

test("an access that has ended is not asked for again", () => {
  socket.open();
  newest().drop(ACCESS_ENDED);
  assert.equal(states.at(-1), "ended");
  mock.timers.tick(3_600_000);
  socket.openNow();
  assert.equal(FakeSocket.all.length, 1);
});

test("whoever asks for it does not wait for the pause to end", () => {
  socket.open();
  newest().drop();
  socket.openNow();
  assert.equal(FakeSocket.all.length, 2);
  // Only one: the waiting try is called off
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 2);
});

test("asking while it is connected changes nothing", () => {
  socket.open();
  newest().receive({});
  socket.openNow();
  assert.equal(FakeSocket.all.length, 1);
});

test("what is closed stays closed", () => {
  socket.open();
  socket.close();
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(states, ["connecting"]);
});
