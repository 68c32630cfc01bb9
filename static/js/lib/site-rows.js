// The meters of a site on a page, whatever they look like: rows, cells, signed powers.

import { character, highestCurrent, meanVoltage, powerFactor } from "./electrical.js";
import { formatFixed, formatMeasure } from "./format.js";
import { put } from "./live-values.js";
import { text } from "./texts.js";

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

const directionOf = (power) => (!power ? "idle" : power > 0 ? "import" : "export");

function writeDirection(row, power) {
  const direction = directionOf(power);
  if (row.dataset.direction === direction) return false;
  row.dataset.direction = direction;
  return true;
}

// Cells that follow from several values.
export const derived = {
  power: fixed(signed),
  current: fixed(highestCurrent),
  voltage: fixed(meanVoltage),
  energy: fixed(energyToday),
  power_factor(cell, values) {
    const word = character(values);
    put(cell.querySelector(".figure"), formatFixed(powerFactor(values), 2));
    put(cell.querySelector(".character"), word && text(word));
  },
  // The size; the direction is told by the row, to whoever does not see it by a word.
  tree_power(cell, values, row) {
    const power = signed(values, row);
    const size = power === null ? null : Math.abs(power);
    put(cell.querySelector(".figure"), formatFixed(size, Number(cell.dataset.decimals)));
    if (writeDirection(row, power)) put(cell.firstElementChild, text(row.dataset.direction));
  },
  measure(cell, values, row) {
    const power = signed(values, row);
    const shown = formatMeasure(power === null ? null : Math.abs(power), "kW");
    put(cell.querySelector(".figure"), shown.figure);
    put(cell.querySelector(".unit"), shown.unit);
    writeDirection(row, power);
  },
  // Shares change with every meter's power: all are written together, by writeShares.
  share() {},
};

export class SiteRows {
  constructor(live) {
    this.live = live;
    this.powerOf = (id) => {
      const entry = this.byId.get(id);
      const values = this.live.values.get(id);
      return entry && values ? signed(values, entry.row) : null;
    };
  }

  index(rows) {
    this.entries = [...rows].map((row) => ({
      row,
      id: row.dataset.meter,
      bar: row.querySelector(".share-bar"),
      share: row.querySelector(".share-text"),
      isIncomer: "incomer" in row.dataset,
      longestMs: Number(row.querySelector("[data-stale-after]").dataset.staleAfter) * 1000,
    }));
    this.byId = new Map(this.entries.map((entry) => [entry.id, entry]));
    this.incomers = this.entries.filter(({ isIncomer }) => isIncomer);
  }

  // How many are fresh, stale and silent, into the head of the page.
  writeCounts() {
    for (const element of document.querySelectorAll("[data-count]")) {
      const state = element.dataset.count;
      const count = this.entries.filter(({ row }) => row.dataset.age === state).length;
      put(element.querySelector(".count"), String(count));
      element.hidden = !count;
    }
  }
}
