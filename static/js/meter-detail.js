// The page of one meter: every quantity and its chart, live.

import { startChart } from "./lib/chart.js";
import { startLivePage } from "./lib/live-page.js";
import { LiveValues } from "./lib/live-values.js";
import { refreshParts } from "./lib/refreshing.js";
import { siteTotals, writeSite } from "./lib/site-tiles.js";

const root = document.querySelector("[data-socket]");
const live = new LiveValues({ onFrame: writeFrame });
let chart = startChart();
let asked = 0;
live.index(root);

function writeFrame(touched) {
  for (const id of touched.keys()) writeSite(root, siteTotals([{ id, row: root }], live));
  appendPoints(touched);
  page.tick();
}

function appendPoints(touched) {
  for (const [id, names] of touched) {
    if (!chart || !names.has("active_power")) continue;
    const { staleAfter } = root.querySelector("[data-stale-after]").dataset;
    const time = Date.parse(live.times.get(id));
    chart.append("total", time, live.values.get(id).active_power, Number(staleAfter) * 1000);
  }
}

// A quantity without a place yet, or the first power of the hour: the server lays it out.
function isMissing({ meters }) {
  return Object.entries(meters).some(([id, { values }]) => Object.keys(values).some(
    (name) => !live.meters.get(id)?.cells.has(name) || (name === "active_power" && !chart),
  ));
}

async function catchUp() {
  const fetched = await refreshParts((part) => part.dataset.refresh !== "chart" || !chart);
  const figure = fetched.getElementById("figure");
  if (chart && figure) chart.replace(JSON.parse(figure.textContent));
  chart ??= startChart();
  live.index(root);
  page.recount();
}

const page = startLivePage(root, {
  onMessage(message) {
    if (isMissing(message) && Date.now() - asked > 10_000) {
      asked = Date.now();
      catchUp().catch(() => {});
    }
    live.take(message);
  },
  onReturn: () => catchUp().catch(() => {}),
});
