// The form that claims many meters: a head row that fills down, parents of the chosen site.

const form = document.getElementById("claim-rows");
const head = document.getElementById("fill-row");
const rows = [...form.querySelectorAll("[data-row]")];

const controlsOf = (cell) => [...cell.querySelectorAll("input, select")];

// A parent of another site is none; one claimed here counts by the site of its own row.
function offerParents(row) {
  const site = row.querySelector('[data-field="site"] select').value;
  const parent = row.querySelector('[data-field="parent"] select');
  for (const option of parent.options) {
    const among = option.value.startsWith("among-") ? option.value.slice(6) : null;
    const its = among
      ? form.querySelector(`[data-row="${among}"] [data-field="site"] select`)?.value
      : option.dataset.site;
    const isOther = Boolean(its) && its !== site;
    option.hidden = isOther;
    option.disabled = isOther;
    if (isOther && option.selected) parent.value = "";
  }
}

function fillDown(name, from) {
  const index = controlsOf(from.closest("[data-fill]")).indexOf(from);
  for (const row of rows) {
    const to = controlsOf(row.querySelector(`[data-field="${name}"]`))[index];
    if (from.type === "checkbox") to.checked = from.checked;
    // A meter does not feed itself: its own list lacks it.
    else if (!to.options || [...to.options].some((option) => option.value === from.value)) {
      to.value = from.value;
    }
  }
  if (name === "site") rows.forEach(offerParents);
}

// The head row has the controls of the first row, without names: they are not sent.
function makeHead() {
  for (const cell of head.querySelectorAll("[data-fill]")) {
    const original = rows[0].querySelector(`[data-field="${cell.dataset.fill}"]`);
    const copy = original.cloneNode(true);
    cell.dataset.label = copy.dataset.label;
    copy.querySelectorAll(".errorlist").forEach((list) => list.remove());
    cell.replaceChildren(...copy.childNodes);
    for (const control of controlsOf(cell)) {
      control.setAttribute("aria-label", `${head.textContent.trim().split("\n")[0]}: ${cell.dataset.label}`);
      for (const name of ["name", "id", "required", "aria-invalid"]) control.removeAttribute(name);
      control.classList.remove("is-invalid");
      control.addEventListener("input", () => fillDown(cell.dataset.fill, control));
    }
  }
  head.hidden = false;
}

for (const row of rows) {
  row.querySelector('[data-field="site"] select').addEventListener("change", () => rows.forEach(offerParents));
}
if (head) makeHead();
rows.forEach(offerParents);
