// What every live page of a site does: rows, tiles, shares, and catching up.

import { startLivePage } from "./live-page.js";
import { LiveValues } from "./live-values.js";
import { refreshParts } from "./refreshing.js";
import { writeShares } from "./shares.js";
import { SiteRows, derived } from "./site-rows.js";
import { generation, siteTotals, writeGeneration, writeSite } from "./site-tiles.js";

const ASK_EVERY_MS = 10_000;
const SHARES_EVERY_MS = 1000;

// `rows` selects the elements of meters; `onFrame`, `onShares` and `onIndex` do what only
// this page does; `keeps` names the parts that are not fetched anew.
export function startLiveSite(root, { rows, keeps = () => false, ...page }) {
  const { onFrame = () => {}, onShares = () => {}, onIndex = () => {}, onFetched = () => {} } = page;
  const live = new LiveValues({ derived, onFrame: writeFrame });
  const site = new SiteRows(live);
  let asked = 0;
  let timer = null;

  function index() {
    live.index(root);
    site.index(root.querySelectorAll(rows));
    onIndex(site);
  }

  function writeFrame(touched) {
    const totals = siteTotals(site.incomers, live);
    if (site.incomers.some(({ id }) => touched.has(id))) writeSite(root, totals);
    onFrame(touched, totals, site);
    timer ??= setTimeout(() => {
      timer = null;
      writeTogether();
    }, SHARES_EVERY_MS);
  }

  function writeTogether() {
    const totals = siteTotals(site.incomers, live);
    writeShares(site.entries, totals.power, site.powerOf);
    writeGeneration(root, generation(site.entries, live));
    site.writeCounts();
    onShares(totals, site);
  }

  // A meter was claimed, or the connection was away: the server knows what was missed.
  async function catchUp() {
    const fetched = await refreshParts((part) => !keeps(part));
    onFetched(fetched);
    index();
    connection.recount();
  }

  index();
  const connection = startLivePage(root, {
    onMessage(message) {
      if (!live.knows(message) && Date.now() - asked > ASK_EVERY_MS) {
        asked = Date.now();
        catchUp().catch(() => {});
      }
      live.take(message);
    },
    onReturn: catchUp,
  });
  return { live, site, catchUp };
}

// A site without meters looks for the first one by itself.
export function waitForMeters() {
  const waiting = document.querySelector('[data-refresh="no-meters"]');
  const every = Number(waiting.dataset.refreshSeconds) * 1000;
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(window.location.href).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.redirected || page.querySelector("[data-meter]")) window.location.reload();
  }, every);
}
