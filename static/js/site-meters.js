// The meters of one site as a live table that filters while one types.

import { startLiveSite, waitForMeters } from "./lib/live-site.js";

const root = document.querySelector("[data-socket]");
const form = document.getElementById("filter");

function filter(rows) {
  const words = form.elements.name.value.trim().toLowerCase();
  const state = form.elements.state.value;
  let shown = 0;
  for (const row of rows) {
    const name = row.querySelector("th a").textContent.toLowerCase();
    const fits = (!state || row.dataset.age === state)
      && (name.includes(words) || row.dataset.device.toLowerCase().includes(words));
    if (row.hidden === fits) row.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  root.querySelector("#none-shown").hidden = shown > 0;
}

function keepInAddress() {
  const address = new URL(window.location.href);
  for (const name of ["name", "state"]) {
    const { value } = form.elements[name];
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  window.history.replaceState(null, "", address);
}

function startTable() {
  const rows = () => root.querySelectorAll("#meter-table tbody tr");
  startLiveSite(root, {
    rows: "#meter-table tbody tr",
    onIndex: () => filter(rows()),
    onShares: () => filter(rows()),
  });
  form.addEventListener("input", () => {
    filter(rows());
    keepInAddress();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

if (root) startTable();
else waitForMeters();
