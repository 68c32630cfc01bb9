// Runs before the first paint: a classic script, not a module. lib/theme.js goes on from here.
(() => {
  // The view for a wall is dark unless somebody chose otherwise.
  let chosen = document.documentElement.dataset.scheme ?? null;
  try {
    chosen = localStorage.getItem("theme") ?? chosen;
  } catch {
    // Storage may be closed; then the system decides.
  }
  const isDark = chosen
    ? chosen === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
})();
