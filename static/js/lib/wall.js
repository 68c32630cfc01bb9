// A screen on the wall: stays awake, tells the time, and shows as many meters as fit.

import { clockTime, serverNow } from "./clock.js";

export async function stayAwake() {
  if (!("wakeLock" in navigator) || document.hidden) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Low battery, or not allowed here: the screen's own setting decides.
  }
}

export function tellTime(element) {
  const show = () => {
    element.textContent = clockTime(serverNow()).slice(0, 5);
  };
  show();
  setInterval(show, 1000);
}

export function offerFullScreen(button) {
  if (!document.fullscreenEnabled) return;
  const show = () => {
    button.hidden = document.fullscreenElement !== null;
  };
  button.addEventListener("click", () => document.documentElement.requestFullscreen());
  document.addEventListener("fullscreenchange", show);
  show();
}

// Every meter below the incomers if they fit, else those of the first levels.
export function fit(container) {
  const meters = [...container.children];
  const most = window.innerWidth < 768 ? 12 : 16;
  const depths = [...new Set(meters.map(({ dataset }) => Number(dataset.depth)))].toSorted((a, b) => a - b);
  let shown = meters.slice(0, most);
  for (const depth of depths) {
    const upTo = meters.filter(({ dataset }) => Number(dataset.depth) <= depth);
    if (upTo.length <= most) shown = upTo;
    else break;
  }
  for (const meter of meters) meter.hidden = !shown.includes(meter);
}
