// What every live page does: socket, state of the connection, ages that count.

import { clockTime, serverNow } from "./clock.js";
import { LiveSocket } from "./live-socket.js";
import { Ages } from "./relative-time.js";
import { text } from "./texts.js";

const NOTICE_AFTER_MS = 2000;

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
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${state}`));
    const isGone = state === "disconnected" || state === "ended";
    clearTimeout(this.timer);
    if (!isGone) {
      if (state === "live") this.hideNotice();
      return;
    }
    // A restart of the server takes a second: no alarm for that.
    this.timer = setTimeout(() => this.showNotice(state), state === "ended" ? 0 : NOTICE_AFTER_MS);
  }

  showNotice(state) {
    document.body.classList.add("is-disconnected");
    this.notice.hidden = false;
    this.notice.querySelector(".notice-text").textContent = text(`${state}_notice`, {
      time: clockTime(this.since),
    });
    this.button.hidden = state === "ended";
  }

  hideNotice() {
    document.body.classList.remove("is-disconnected");
    this.notice.hidden = true;
  }
}

// `onMessage` gets each message; `onReturn` is called when a lost connection is back.
export function startLivePage(root, { onMessage, onReturn = () => {} }) {
  let ages = new Ages(document.body);
  let wasLost = false;
  const state = new ConnectionState(() => socket.openNow());
  const socket = new LiveSocket(root.dataset.socket, {
    onState(name) {
      state.show(name);
      if (name === "disconnected") wasLost = true;
      if (name === "live" && wasLost) {
        wasLost = false;
        onReturn();
      }
    },
    onMessage,
  });
  socket.open();
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
    tick: () => ages.tick(),
  };
}
