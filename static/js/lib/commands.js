// Outputs, commands and lockouts on a page: fetched anew when the portal says so, and the
// seconds that the minimum times still hold.

import { serverNow } from "./clock.js";
import { countdown } from "./format.js";
import { refreshParts } from "./refreshing.js";

// Several steps of one command follow each other within milliseconds.
const GATHER_MS = 150;

let timer = null;

const isOfCommands = (part) => part.dataset.live === "commands";

// Nobody loses what they are typing.
const isInUse = (part) => part.contains(document.activeElement?.closest("input, select, textarea"));

export function refreshCommands() {
  if (timer !== null) return;
  timer = setTimeout(() => {
    timer = null;
    refreshParts((part) => isOfCommands(part) && !isInUse(part))
      .then(showCountdowns)
      .catch(() => {});
  }, GATHER_MS);
}

function showCountdowns() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-until]")) {
    const left = countdown(element.dataset.until, now);
    element.hidden = left === "";
    const shown = element.querySelector(".left");
    if (shown.textContent !== left) shown.textContent = left;
  }
}

export function startCommands() {
  showCountdowns();
  setInterval(showCountdowns, 1000);
}
