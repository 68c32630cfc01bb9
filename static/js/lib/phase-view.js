// The bars and the phasors of a meter, moved by new values.

import { formatFixed } from "./format.js";
import { put } from "./live-values.js";
import { barGroups } from "./phase-bars.js";
import { diagram } from "./phasors.js";

// The same as in meters/templatetags/charts.py.
const LONGEST = { voltage: 92, current: 62 };
const LABEL_BEYOND = 11;

export function writeBars(root, values) {
  const { nominalVoltage, ratedCurrent } = root.dataset;
  const groups = barGroups(values, {
    nominalVoltage: Number(nominalVoltage ?? 0), ratedCurrent: Number(ratedCurrent ?? 0),
  });
  for (const { quantity, bars, mark } of groups) {
    const group = root.querySelector(`[data-bars="${quantity}"]`);
    for (const { phase, value, share } of group ? bars : []) {
      const bar = group.querySelector(`[data-phase-bar="${phase}"] .bar`);
      if (!bar) continue;
      bar.style.setProperty("--share", share.toFixed(3));
      bar.classList.toggle("is-export", quantity === "active_power" && value < 0);
      if (mark !== null) bar.style.setProperty("--mark", mark.toFixed(3));
    }
  }
}

// Whether every arrow has its place; if not, the server draws it.
export function writePhasors(root, values) {
  const card = root.querySelector("#phasor-card");
  const { source, phasors } = diagram(values);
  if (!card) return !source;
  if (card.dataset.source !== source) return false;
  if (card.querySelectorAll("[data-arrow]").length !== phasors.length) return false;
  const longest = {};
  for (const { kind, size } of phasors) longest[kind] = Math.max(longest[kind] ?? 0, size);
  return phasors.every((phasor) => move(card, phasor, longest[phasor.kind]));
}

function move(card, { kind, phase, size, angle }, longest) {
  const key = `${kind}-${phase}`;
  const arrow = card.querySelector(`[data-arrow="${key}"]`);
  if (!arrow) return false;
  const length = (LONGEST[kind] * size) / longest;
  const turned = (angle * Math.PI) / 180;
  const reach = length + LABEL_BEYOND;
  arrow.querySelector(".turned").setAttribute("transform", `rotate(${(-angle).toFixed(1)})`);
  arrow.querySelector("line").setAttribute("y2", (-length).toFixed(1));
  arrow.querySelector(".tip").setAttribute("transform", `translate(0 ${(-length).toFixed(1)})`);
  const name = arrow.querySelector("text");
  name.setAttribute("x", (-reach * Math.sin(turned)).toFixed(1));
  name.setAttribute("y", (-reach * Math.cos(turned)).toFixed(1));
  put(card.querySelector(`[data-angle="${key}"] td`), `${formatFixed(angle, 1)}°`);
  return true;
}
