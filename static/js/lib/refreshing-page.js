// A page that has no websocket: it refreshes its part and its ages, and says when it cannot.

import { clockTime, serverNow } from "./clock.js";
import { Gone, refreshEvery } from "./refreshing.js";
import { Ages } from "./relative-time.js";
import { text } from "./texts.js";

// `onRefresh` is called when the parts are new.
export function startRefreshingPage({ onRefresh = () => {} } = {}) {
  const part = document.querySelector("[data-refresh-seconds]");
  const notice = document.getElementById("connection-notice");
  let since = serverNow();
  let ages = new Ages(part);
  setInterval(() => ages.tick(), 1000);
  refreshEvery(Number(part.dataset.refreshSeconds), {
    onOk() {
      since = serverNow();
      notice.hidden = true;
      ages = new Ages(part);
      onRefresh();
    },
    onFail(error) {
      const name = error instanceof Gone ? "logged_out_notice" : "refresh_notice";
      notice.querySelector(".notice-text").textContent = text(name, {
        time: clockTime(since),
      });
      notice.hidden = false;
    },
  });
}
