// Light, dark, or as the system is; kept in this browser.

import { text } from "./texts.js";

const CHOICES = ["auto", "light", "dark"];
const system = window.matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem("theme") ?? "auto";
  } catch {
    return "auto";
  }
}

function keep(choice) {
  try {
    if (choice === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", choice);
  } catch {
    // Nothing to keep it in: it holds for this page.
  }
}

function apply(choice, button) {
  const isDark = choice === "auto" ? system.matches : choice === "dark";
  document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#theme-${choice}`));
  button.title = text(`theme_${choice}`);
  button.setAttribute("aria-label", button.title);
  document.dispatchEvent(new CustomEvent("themechange"));
}

export function startTheme(button) {
  let choice = chosen();
  apply(choice, button);
  button.hidden = false;
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    keep(choice);
    apply(choice, button);
  });
  system.addEventListener("change", () => {
    if (choice === "auto") apply(choice, button);
  });
}
