// The large figures: what a site's incomers measure together, or what one meter does.

import { character, highestCurrent, meanVoltage, powerFactor } from "./electrical.js";
import { formatFixed, formatMeasure } from "./format.js";
import { put } from "./live-values.js";
import { text } from "./texts.js";

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const sign = ({ row }) => Number(row.dataset.sign);

// Incomers are { id, row }; the row says the sign and the registers at midnight.
export function siteTotals(incomers, live) {
  const heard = incomers
    .map(({ id, row }) => ({ row, values: live.values.get(id), time: Date.parse(live.times.get(id)) }))
    .filter(({ values }) => values?.active_power !== undefined);
  if (!heard.length) return { power: null, time: NaN, values: {}, imported: null, exported: null };
  const power = sum(heard.map((meter) => meter.values.active_power * sign(meter)));
  let { values } = heard[0];
  if (heard.length > 1) {
    values = { active_power: power };
    if (heard.every((meter) => meter.values.reactive_power !== undefined)) {
      values.reactive_power = sum(heard.map((meter) => meter.values.reactive_power * sign(meter)));
    }
  }
  return {
    power,
    values,
    // The total is as new as its newest part, and as old as its oldest.
    time: Math.max(...heard.map(({ time }) => time)),
    oldest: Math.min(...heard.map(({ time }) => time)),
    imported: counted(heard, "active_energy_import", "importStart"),
    exported: counted(heard, "active_energy_export", "exportStart"),
  };
}

function counted(heard, quantity, start) {
  const parts = heard
    .filter(({ row, values }) => row.dataset[start] !== undefined && quantity in values)
    .map(({ row, values }) => values[quantity] - Number(row.dataset[start]))
    .filter((energy) => energy >= 0);
  return parts.length ? sum(parts) : null;
}

const directionOf = (power) => (!power ? "idle" : power > 0 ? "import" : "export");

// What the generators make, wherever they hang: the row of one says so.
export function generation(entries, live) {
  const powers = entries.filter(({ row }) => "generator" in row.dataset)
    .map(({ id }) => live.values.get(id)?.active_power)
    .filter((power) => power !== undefined);
  return powers.length ? sum(powers) : null;
}

export function writeGeneration(root, power) {
  writeMeasure(root.querySelector('[data-site="generation"]'), power, "kW");
}

export function writeSite(root, site) {
  const part = (name) => root.querySelector(`[data-site="${name}"]`);
  writeMeasure(part("power"), site.power === null ? null : Math.abs(site.power), "kW");
  writeMeasure(part("reactive_power"), site.values.reactive_power, "kvar");
  writeMeasure(part("energy_import"), site.imported, "kWh");
  writeMeasure(part("current"), highestCurrent(site.values), "A");
  writeMeasure(part("voltage"), meanVoltage(site.values), "V");
  writeMeasure(part("energy_export"), site.exported, "kWh");
  if (part("power_factor")) {
    const word = character(site.values);
    put(part("power_factor"), formatFixed(powerFactor(site.values), 2));
    put(part("character"), word && text(word));
  }
  writeDirection(part("direction"), site.power);
  const age = part("age")?.querySelector("[data-time]");
  if (age && Number.isFinite(site.oldest)) age.dataset.time = new Date(site.oldest).toISOString();
}

function writeMeasure(element, value, unit) {
  if (!element) return;
  const measure = formatMeasure(value ?? null, unit);
  put(element.querySelector(".figure"), measure.figure);
  put(element.querySelector(".unit"), measure.unit);
}

function writeDirection(element, power) {
  const direction = directionOf(power);
  if (element) element.hidden = power === null;
  if (!element || element.dataset.direction === direction) return;
  element.dataset.direction = direction;
  put(element.querySelector(".word"), text(direction));
  const use = element.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${direction}`));
}
