// "20 s ago" that goes on counting, and turns into "12 min old" when a value is stale.

import { serverNow } from "./clock.js";
import { formatAge } from "./format.js";
import { text } from "./texts.js";

// "fresh", "stale" or "silent", from the age in seconds
export function stateOf(ageSeconds, staleAfterSeconds) {
  if (!Number.isFinite(ageSeconds)) return "silent";
  return ageSeconds > staleAfterSeconds ? "stale" : "fresh";
}

export function ageText(state, ageSeconds) {
  if (state === "silent") return text("silent");
  return text(state === "stale" ? "old" : "ago", { age: formatAge(ageSeconds) });
}

export class Ages {
  constructor(root) {
    this.elements = [...root.querySelectorAll("[data-stale-after]")];
    this.tick();
  }

  tick() {
    const now = serverNow();
    for (const element of this.elements) this.show(element, now);
  }

  show(element, now) {
    const time = Date.parse(element.dataset.time);
    const age = Math.max(0, (now - time) / 1000);
    const state = stateOf(age, Number(element.dataset.staleAfter));
    const words = element.querySelector(".state-text");
    const shown = ageText(state, age);
    if (words.textContent !== shown) words.textContent = shown;
    if (element.dataset.state === state) return;
    element.dataset.state = state;
    const use = element.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${state}`));
    const row = element.closest("[data-age]");
    if (row) row.dataset.age = state;
  }
}
