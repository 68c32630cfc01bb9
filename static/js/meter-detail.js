// The page of one meter: every quantity, its phases, and the chart over time, live.

import { HistoryView } from "./lib/history-view.js";
import { startLivePage } from "./lib/live-page.js";
import { LiveValues } from "./lib/live-values.js";
import { writeBars, writePhasors } from "./lib/phase-view.js";
import { refreshParts } from "./lib/refreshing.js";
import { siteTotals, writeSite } from "./lib/site-tiles.js";
import { startSwapping } from "./lib/swap.js";

const ASK_EVERY_MS = 10_000;
const root = document.querySelector("[data-socket]");
const live = new LiveValues({ onFrame: writeFrame });
let history = startHistory();
let asked = 0;
live.index(root);

function startHistory() {
  const section = root.querySelector('[data-refresh="history"]');
  return section ? new HistoryView(section) : null;
}

function writeFrame(touched) {
  for (const [id, names] of touched) {
    const values = live.values.get(id);
    writeSite(root, siteTotals([{ id, row: root }], live));
    writeBars(root, values);
    const isDrawn = writePhasors(root, values);
    const isPlaced = [...names].every((name) => live.meters.get(id)?.cells.has(name));
    if (!isDrawn || !isPlaced || !history) askServer();
    const { staleAfter } = root.querySelector("[data-stale-after]").dataset;
    const time = Date.parse(live.times.get(id));
    history?.chart.append(time, values, Number(staleAfter) * 1000);
  }
}

// A quantity without a place yet, or the first reading: the server lays it out.
function askServer() {
  if (Date.now() - asked < ASK_EVERY_MS) return;
  asked = Date.now();
  catchUp().catch(() => {});
}

async function catchUp() {
  if (!history) {
    const fetched = await refreshParts();
    if (fetched.querySelector('[data-refresh="history"]')) window.location.reload();
  } else {
    await refreshParts(({ dataset }) => dataset.refresh !== "history");
    history.chart.load(history.chart.range);
  }
  live.index(root);
  page.recount();
}

startSwapping("history", (isReplaced) => {
  if (isReplaced) history = startHistory();
  else history?.close();
});

const page = startLivePage(root, { onMessage: (message) => live.take(message), onReturn: catchUp });
