// The search in the top bar: "/" goes there, results come while one types.

import { refreshedResults } from "./search-results.js";

const WAIT_MS = 150;

export function startSearchBox(form) {
  const field = form.elements.q;
  const popup = form.querySelector(".search-results");
  let timer = null;
  let asked = 0;

  const close = () => {
    popup.hidden = true;
  };

  async function look() {
    asked += 1;
    const number = asked;
    if (!field.value.trim()) {
      close();
      return;
    }
    const found = await refreshedResults(form.action, field.value).catch(() => null);
    if (number !== asked || !found) return;
    popup.replaceChildren(found);
    popup.hidden = false;
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  field.addEventListener("focus", () => {
    if (field.value.trim() && popup.childElementCount) popup.hidden = false;
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!form.contains(relatedTarget)) close();
  });
  form.addEventListener("keydown", (event) => {
    const links = [...popup.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      field.blur();
    } else if (event.key === "ArrowDown" && links.length && !popup.hidden) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (links[at - 1] ?? field).focus();
    } else if (event.key === "Enter" && event.target === field && links.length && !popup.hidden) {
      event.preventDefault();
      links[0].click();
    }
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
