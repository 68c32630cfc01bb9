// The dashboard of one site: its table of meters, its tiles and its chart, live.

import { startChart } from "./lib/chart.js";
import { character, highestCurrent, meanVoltage, powerFactor } from "./lib/electrical.js";
import { formatFixed } from "./lib/format.js";
import { startLivePage } from "./lib/live-page.js";
import { LiveValues, put } from "./lib/live-values.js";
import { refreshParts } from "./lib/refreshing.js";
import { siteTotals, writeSite } from "./lib/site-tiles.js";
import { text } from "./lib/texts.js";

const root = document.querySelector("[data-socket]");

const signed = (values, row) =>
  values.active_power === undefined ? null : values.active_power * Number(row.dataset.sign);

const fixed = (compute) => (cell, values, row) =>
  put(cell, formatFixed(compute(values, row), Number(cell.dataset.decimals)));

function energyToday(values, row) {
  const start = row.dataset.importStart;
  const register = values.active_energy_import;
  if (start === undefined || register === undefined || register < Number(start)) return null;
  return register - Number(start);
}

const derived = {
  power: fixed(signed),
  current: fixed(highestCurrent),
  voltage: fixed(meanVoltage),
  energy: fixed(energyToday),
  power_factor(cell, values) {
    const word = character(values);
    put(cell.querySelector(".figure"), formatFixed(powerFactor(values), 2));
    put(cell.querySelector(".character"), word && text(word));
  },
  // Shares change with every meter's power: all are written together, by writeShares.
  share() {},
};

function startDashboard() {
  let rows = [];
  let chart = startChart();
  let asked = 0;
  const live = new LiveValues({ derived, onFrame: writeFrame });
  index();

  function index() {
    live.index(root);
    rows = [...root.querySelectorAll("#meter-table tbody tr")].map((row) => ({
      row,
      id: row.dataset.meter,
      bar: row.querySelector(".share-bar"),
      share: row.querySelector(".share-text"),
      isIncomer: "incomer" in row.dataset,
      longestMs: Number(row.querySelector("[data-stale-after]").dataset.staleAfter) * 1000,
    }));
  }

  function writeFrame(touched) {
    const hasPower = ({ id }) => touched.get(id)?.has("active_power");
    const incomers = rows.filter(({ isIncomer }) => isIncomer);
    const site = siteTotals(incomers, live);
    if (incomers.some(({ id }) => touched.has(id))) writeSite(root, site);
    if (rows.some(hasPower)) {
      writeShares(site.power);
      appendPoints(rows.filter(hasPower), incomers, site);
    }
    page.tick();
  }

  function writeShares(total) {
    for (const entry of rows) {
      const power = signed(live.values.get(entry.id) ?? {}, entry.row);
      const part = total > 0 && power !== null && power >= 0 ? Math.min(1, power / total) : null;
      if (part === entry.part) continue;
      entry.part = part;
      put(entry.share, part === null ? "" : `${formatFixed(part * 100, 0)} %`);
      entry.bar.style.setProperty("--share", part ?? 0);
    }
  }

  function appendPoints(meters, incomers, site) {
    if (!chart) return;
    for (const { row, id, longestMs } of meters) {
      chart.append(id, Date.parse(live.times.get(id)), signed(live.values.get(id), row), longestMs);
    }
    if (meters.some(({ isIncomer }) => isIncomer)) {
      const longest = Math.max(...incomers.map(({ longestMs }) => longestMs));
      chart.append("total", site.time, site.power, longest);
    }
  }

  // A meter was claimed, or the connection was away: the server knows what was missed.
  async function catchUp() {
    const fetched = await refreshParts((part) => part.dataset.refresh !== "chart" || !chart);
    const figure = fetched.getElementById("figure");
    if (chart && figure) chart.replace(JSON.parse(figure.textContent));
    chart ??= startChart();
    index();
    page.recount();
  }

  const page = startLivePage(root, {
    onMessage(message) {
      const isNew = !live.knows(message) || !chart;
      if (isNew && Date.now() - asked > 10_000) {
        asked = Date.now();
        catchUp().catch(() => {});
      }
      live.take(message);
    },
    onReturn: () => catchUp().catch(() => {}),
  });
}

if (root) startDashboard();
