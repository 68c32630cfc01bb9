// Boxes ticked in a list that is fetched anew now and then: what was ticked stays ticked.

// `form` holds boxes of this name, one box [data-select-all], and [data-selected] parts
// that are shown while something is ticked, with the count in [data-selected-count].
export function startSelection(form, name) {
  const chosen = new Set();
  const boxes = () => [...form.querySelectorAll(`input[type="checkbox"][name="${name}"]`)];

  function show() {
    const all = boxes();
    const every = form.querySelector("[data-select-all]");
    if (every) {
      every.checked = all.length > 0 && all.every((box) => box.checked);
      every.indeterminate = !every.checked && chosen.size > 0;
    }
    for (const part of form.querySelectorAll("[data-selected]")) {
      part.classList.toggle("is-waiting", chosen.size === 0);
      for (const button of part.querySelectorAll("button")) button.disabled = chosen.size === 0;
    }
    for (const count of form.querySelectorAll("[data-selected-count]")) {
      count.textContent = chosen.size ? String(chosen.size) : "";
    }
  }

  function take(box) {
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  }

  // After the list was fetched anew.
  function restore() {
    const there = new Set();
    for (const box of boxes()) {
      box.checked = chosen.has(box.value);
      there.add(box.value);
    }
    for (const value of chosen) if (!there.has(value)) chosen.delete(value);
    show();
  }

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) {
      for (const box of boxes()) {
        box.checked = event.target.checked;
        take(box);
      }
    } else if (event.target.name === name) {
      take(event.target);
    } else return;
    show();
  });
  boxes().forEach(take);
  show();
  return { restore };
}
