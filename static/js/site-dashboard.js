// The dashboard of one site: its tiles, its chart and its distribution tree, live.

import { givenFigure } from "./lib/chart.js";
import { startLiveChart } from "./lib/live-chart.js";
import { startLiveSite, waitForMeters } from "./lib/live-site.js";
import { Tree } from "./lib/tree.js";

const root = document.querySelector("[data-socket]");

function appendPoints(chart, touched, totals, site) {
  let hasTotal = false;
  for (const [id, names] of touched) {
    const entry = site.byId.get(id);
    if (!entry || !names.has("active_power")) continue;
    hasTotal ||= entry.isIncomer;
    const time = Date.parse(site.live.times.get(id));
    chart.append(id, time, site.powerOf(id), entry.longestMs);
  }
  if (hasTotal) {
    const longest = Math.max(...site.incomers.map(({ longestMs }) => longestMs));
    chart.append("total", totals.time, totals.power, longest);
  }
}

function startDashboard() {
  let chart = startLiveChart();
  let tree = null;
  const page = startLiveSite(root, {
    rows: "#tree tbody tr[data-meter]",
    keeps: ({ dataset }) => dataset.refresh === "chart" && chart !== null,
    onIndex(site) {
      const table = root.querySelector("#tree");
      if (tree?.table === table) return;
      const closed = tree?.closed;
      tree = new Tree(table, site.powerOf, closed);
    },
    onFrame(touched, totals, site) {
      if (chart) appendPoints(chart, touched, totals, site);
      else if (totals.power !== null) lookForChart();
    },
    onShares: (totals) => tree.writeRests(totals.power),
    onFetched(fetched) {
      if (chart && fetched.querySelector("#figure")) chart.replace(givenFigure(fetched));
      chart ??= startLiveChart();
    },
  });

  let looked = Date.now();
  function lookForChart() {
    if (Date.now() - looked < 10_000) return;
    looked = Date.now();
    page.catchUp().catch(() => {});
  }
}

if (root) startDashboard();
else waitForMeters();
