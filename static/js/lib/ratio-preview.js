// A form with ratios: what they make of the values that the meter has sent.

import { formatMeasure, formatPlain } from "./format.js";

const written = ({ figure, unit }) => `${figure} ${unit}`;

export function previewRatios(form) {
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

  form.addEventListener("input", preview);
  preview();
}
