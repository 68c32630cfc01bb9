// What every live page does: socket, state of the connection, ages that count.

import { clockTime, serverNow } from "./clock.js";
import { refreshCommands, startCommands } from "./commands.js";
import { LiveSocket } from "./live-socket.js";
import { Gone } from "./refreshing.js";
import { Ages } from "./relative-time.js";
import { text } from "./texts.js";

const NOTICE_AFTER_MS = 2000;
// After so many tries in vain the page is fetched instead: a proxy may refuse websockets.
const TRIES = 3;
const ICONS = { logged_out: "ended" };
const POLL_EVERY_MS = 10_000;

class ConnectionState {
  constructor(onTryNow) {
    this.indicator = document.getElementById("live-state");
    this.notice = document.getElementById("connection-notice");
    this.button = this.notice.querySelector("button");
    this.button.addEventListener("click", onTryNow);
    this.timer = null;
    this.since = serverNow();
  }

  show(state) {
    if (state === "live") this.since = serverNow();
    if (this.indicator.dataset.state === state && !this.indicator.hidden) return;
    this.indicator.hidden = false;
    this.indicator.dataset.state = state;
    this.indicator.querySelector(".state-text").textContent = text(state);
    const use = this.indicator.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[state] ?? state}`));
    clearTimeout(this.timer);
    if (state === "live") this.hideNotice();
    if (state === "connecting" || state === "live") return;
    // A restart of the server takes a second: no alarm for that.
    const wait = state === "disconnected" ? NOTICE_AFTER_MS : 0;
    this.timer = setTimeout(() => this.showNotice(state), wait);
  }

  showNotice(state) {
    const isPolling = state === "polling";
    document.body.classList.toggle("is-disconnected", !isPolling);
    this.notice.hidden = false;
    this.notice.dataset.kind = isPolling ? "warning" : "error";
    this.notice.querySelector(".notice-text").textContent = text(`${state}_notice`, {
      time: clockTime(this.since),
    });
    this.button.hidden = state !== "disconnected";
    this.notice.querySelector("a").hidden = state !== "logged_out";
  }

  polled() {
    this.since = serverNow();
    this.show("polling");
  }

  hideNotice() {
    document.body.classList.remove("is-disconnected");
    this.notice.hidden = true;
  }
}

// Whether the page itself still answers, though its socket does not.
class Polling {
  constructor(state, onReturn) {
    this.state = state;
    this.onReturn = onReturn;
    this.timer = null;
    this.failures = 0;
  }

  failed() {
    this.failures += 1;
    if (this.failures < TRIES || this.timer !== null) return;
    this.timer = setInterval(() => this.poll(), POLL_EVERY_MS);
    this.poll();
  }

  async poll() {
    if (document.hidden) return;
    try {
      await this.onReturn();
      if (this.timer !== null) this.state.polled();
    } catch (error) {
      if (error instanceof Gone) this.end();
      else if (this.timer !== null) this.state.show("disconnected");
    }
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.failures = 0;
  }

  // The access is over, or only the login is.
  async end() {
    this.stop();
    const answer = await fetch(window.location.href).catch(() => null);
    this.state.show(answer?.redirected ? "logged_out" : "ended");
  }
}

// `onMessage` gets each message; `onReturn` is called when a lost connection is back, and
// again and again while there is none: it fetches what was missed.
export function startLivePage(root, { onMessage, onReturn }) {
  let ages = new Ages(document.body);
  let wasLost = false;
  const state = new ConnectionState(() => socket.openNow());
  const polling = new Polling(state, onReturn);
  const socket = new LiveSocket(root.dataset.socket, {
    onState(name) {
      if (name === "ended") {
        polling.end();
        return;
      }
      if (name === "disconnected") {
        wasLost = true;
        polling.failed();
      }
      if (name === "live") polling.stop();
      if (name !== "disconnected" || polling.timer === null) state.show(name);
      if (name === "live" && wasLost) {
        wasLost = false;
        onReturn().catch(() => {});
      }
    },
    onMessage(message) {
      if (message.type === "commands") refreshCommands();
      else onMessage(message);
    },
  });
  socket.open();
  startCommands();
  setInterval(() => ages.tick(), 1000);
  window.addEventListener("online", () => socket.openNow());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) socket.openNow();
  });
  return {
    // After a part of the page was replaced.
    recount() {
      ages = new Ages(document.body);
    },
  };
}
