// The profile editor: what comes of the message is shown anew while one edits.

const AFTER_MS = 400;

const form = document.getElementById("profile-form");
const preview = document.getElementById("preview");
let timer = null;
let asked = 0;

async function refresh() {
  asked += 1;
  const number = asked;
  const answer = await fetch(form.dataset.preview, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Requested-With": "fetch" },
  }).catch(() => null);
  if (!answer?.ok || answer.redirected || number !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  preview.replaceChildren(...page.body.childNodes);
  // The text follows the table until it is what counts.
  const { definition } = preview.querySelector("[data-definition]").dataset;
  if (definition && !form.elements.use_toml.checked) form.elements.toml.value = definition;
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, AFTER_MS);
});
form.querySelector("[data-without-script]").hidden = true;
