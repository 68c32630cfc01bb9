// What the search page finds, as its list.

export async function refreshedResults(address, words) {
  const answer = await fetch(`${address}?${new URLSearchParams({ q: words })}`);
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return document.importNode(page.querySelector("[data-results] > ul"), true);
}
