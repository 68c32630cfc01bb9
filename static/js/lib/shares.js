// Each meter's share of the site's power, all together: one power changes every share.

import { formatFixed } from "./format.js";
import { put } from "./live-values.js";

export function writeShares(entries, total, powerOf) {
  for (const entry of entries) {
    const power = powerOf(entry.id);
    const isPart = total > 0 && power !== null && power >= 0;
    // Finer than a percent nobody sees: every change costs a painting.
    const part = isPart ? Math.round(Math.min(1, power / total) * 100) / 100 : null;
    if (part === entry.part) continue;
    entry.part = part;
    if (entry.share) put(entry.share, part === null ? "" : `${formatFixed(part * 100, 0)} %`);
    if (entry.bar) entry.bar.style.setProperty("--share", part ?? 0);
  }
}
