// The one websocket class: reconnects by itself, with growing pauses, and says how it is.

export const ACCESS_ENDED = 4403;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

// Half to all of a pause that doubles with each try, so that browsers do not come at once.
export function pauseBefore(attempt, random = Math.random()) {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return longest * (0.5 + random / 2);
}

export class LiveSocket {
  // onMessage gets { type, meters }; onState gets "connecting", "live", "disconnected" or
  // "ended" (the access is over: it does not try again).
  constructor(path, { onMessage, onState }) {
    this.url = new URL(path, window.location.href);
    this.url.protocol = this.url.protocol.replace("http", "ws");
    this.onMessage = onMessage;
    this.onState = onState;
    this.attempt = 0;
    this.timer = null;
    this.socket = null;
  }

  open() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.attempt === 0) this.onState("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.socket) return;
      // Only what is really heard ends the growing of the pauses.
      this.attempt = 0;
      this.onState("live");
      this.onMessage(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (code === ACCESS_ENDED) {
        this.onState("ended");
        return;
      }
      this.onState("disconnected");
      this.timer = setTimeout(() => this.open(), pauseBefore(this.attempt));
      this.attempt += 1;
    });
  }

  // The network is back, or somebody looks: do not wait for the pause to end.
  openNow() {
    if (this.timer !== null) this.open();
  }

  close() {
    clearTimeout(this.timer);
    this.timer = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}
