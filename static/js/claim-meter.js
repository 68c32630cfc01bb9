// The form that claims a meter: parents of the chosen site, and what the ratios make.

import { formatMeasure, formatPlain } from "./lib/format.js";

const form = document.getElementById("claim-form");
const site = form.elements.site;
const parent = form.elements.parent;

function offerParents() {
  for (const option of parent.options) {
    const isOther = Boolean(option.dataset.site) && option.dataset.site !== site.value;
    option.hidden = isOther;
    option.disabled = isOther;
    if (isOther && option.selected) parent.value = "";
  }
}

const written = ({ figure, unit }) => `${figure} ${unit}`;

function preview() {
  const ct = Number(form.elements.ct_ratio.value);
  const pt = Number(form.elements.pt_ratio.value);
  const ratios = { ct, pt, both: ct * pt };
  for (const row of form.querySelectorAll(".switch-row")) {
    const sent = Number.parseFloat(row.dataset.sent);
    if (!Number.isFinite(sent)) continue;
    const isPrimary = row.querySelector("input").checked;
    const ratio = isPrimary ? 1 : ratios[row.dataset.ratio];
    const { unit } = row.dataset;
    row.querySelector("output").textContent =
      `${written(formatMeasure(sent, unit))} × ${formatPlain(ratio)}`
      + ` = ${written(formatMeasure(sent * ratio, unit))}`;
  }
}

site.addEventListener("change", offerParents);
form.addEventListener("input", preview);
offerParents();
preview();
