// The page's texts, translated by the server.

const element = document.getElementById("texts");
const texts = element ? JSON.parse(element.textContent) : {};

// text("ago", { age: "20 s" }) is "20 s ago"
export function text(name, values = {}) {
  return (texts[name] ?? name).replace(/%\((\w+)\)s/g, (whole, key) => values[key] ?? whole);
}
