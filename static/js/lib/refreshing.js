// Parts of a page, fetched anew from the page's own address and put in place.

export class Gone extends Error {}

// Replaces every [data-refresh] by its newer self; returns the fetched document.
export async function refreshParts(filter = () => true, address = window.location.href) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  // Sent to the login: the session is over.
  if (answer.redirected) throw new Gone();
  if (!answer.ok) throw new Error(`${answer.status}`);
  const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const newer = fetched.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
    if (newer && filter(part)) replaceInside(part, newer);
  }
  return fetched;
}

function replaceInside(part, newer) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const address = focused?.getAttribute("href");
  part.replaceChildren(...document.importNode(newer, true).childNodes);
  // Whoever walks by keyboard stays where they were.
  if (address) part.querySelector(`a[href="${CSS.escape(address)}"]`)?.focus();
}

export function refreshEvery(seconds, { onOk = () => {}, onFail = () => {} } = {}) {
  const again = async () => {
    try {
      if (!document.hidden) {
        await refreshParts();
        onOk();
      }
    } catch (error) {
      onFail(error);
      if (error instanceof Gone) return;
    }
    setTimeout(again, seconds * 1000);
  };
  setTimeout(again, seconds * 1000);
}
