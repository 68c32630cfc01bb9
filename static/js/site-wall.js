// One site on a screen on the wall.

import { givenFigure } from "./lib/chart.js";
import { startLiveChart } from "./lib/live-chart.js";
import { startLiveSite, waitForMeters } from "./lib/live-site.js";
import { fit, offerFullScreen, stayAwake, tellTime } from "./lib/wall.js";

const root = document.querySelector("[data-socket]");

function startWall() {
  let chart = startLiveChart();
  startLiveSite(root, {
    rows: ".wall-meter",
    keeps: ({ dataset }) => dataset.refresh === "chart" && chart !== null,
    onIndex: () => fit(root.querySelector(".wall-meters")),
    onFrame(touched, totals, site) {
      if (!chart || totals.power === null) return;
      const longest = Math.max(...site.incomers.map(({ longestMs }) => longestMs));
      chart.append("total", totals.time, totals.power, longest);
    },
    onFetched(fetched) {
      if (chart && fetched.querySelector("#figure")) chart.replace(givenFigure(fetched));
      chart ??= startLiveChart();
    },
  });
}

tellTime(document.getElementById("wall-clock"));
offerFullScreen(document.getElementById("fullscreen"));
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
if (root.querySelector(".wall-meters")) startWall();
else waitForMeters();
