// Links and forms that change only one part of the page: the address changes with it,
// and going back works.

import { Gone, refreshParts } from "./refreshing.js";

const addressOf = (form) => {
  const address = new URL(form.action || window.location.href, window.location.href);
  address.search = new URLSearchParams(new FormData(form)).toString();
  return address;
};

// `onSwap` is called before (with false) and after (with true) the part is replaced.
export function startSwapping(name, onSwap) {
  const part = document.querySelector(`[data-refresh="${name}"]`);
  if (!part) return;
  let asked = 0;

  async function swap(address, { push = true } = {}) {
    asked += 1;
    const number = asked;
    part.classList.add("is-loading");
    try {
      const fetched = await refreshParts((candidate) => {
        if (candidate !== part || number !== asked) return false;
        onSwap(false);
        if (push) window.history.pushState(null, "", address);
        return true;
      }, address);
      if (number === asked && fetched) onSwap(true);
    } catch (error) {
      // The page itself says what is wrong: as a link does without scripts.
      if (error instanceof Gone || number === asked) window.location.assign(address);
    } finally {
      if (number === asked) part.classList.remove("is-loading");
    }
  }

  part.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    swap(link.href);
  });
  part.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form) return;
    event.preventDefault();
    swap(addressOf(form));
  });
  part.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-swap]");
    if (form && event.target.matches("select")) swap(addressOf(form));
  });
  window.addEventListener("popstate", () => swap(window.location.href, { push: false }));
}
