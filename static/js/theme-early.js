// Runs before the first paint: a classic script, not a module. lib/theme.js goes on from here.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Storage may be closed; then the system decides.
  }
  const isDark = chosen
    ? chosen === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
})();
