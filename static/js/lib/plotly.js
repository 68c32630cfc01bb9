// plotly.js, loaded where a chart is, and the colours of the scheme for its figures.

let loading = null;

export function loadPlotly(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => {
      loading = null;
      reject(new Error("plotly.js could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}

// After the page is painted, and not in the way of anything.
export const painted = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
});

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// "#4477aa" with an alpha; what fills must let the grid through.
function faint(colour, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red},${green},${blue},${alpha})`;
}

// `size` is that of its text, in px: a screen on the wall wants it larger.
export function themed(figure, size = 12) {
  const text = token("--text-muted");
  const line = token("--line");
  for (const trace of figure.data) {
    const colour = token(trace.meta.colour);
    trace.line.color = colour;
    if (trace.fill) trace.fillcolor = faint(colour, 0.22);
  }
  const { layout } = figure;
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: token("--line-strong"), spikecolor: text };
  Object.assign(layout.xaxis, axis);
  Object.assign(layout.yaxis, axis);
  for (const shape of layout.shapes ?? []) {
    shape.line.color = token("--data-limit");
    shape.label.font = { color: text, size: 11 };
  }
  layout.paper_bgcolor = "rgba(0,0,0,0)";
  layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font = { family: "system-ui, sans-serif", size, color: text };
  if (size > 12) Object.assign(layout.margin, { l: 5 * size, b: 2 * size });
  layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: text, activecolor: token("--text") };
  layout.hoverlabel = {
    bgcolor: token("--raised"), bordercolor: line, font: { color: token("--text") },
  };
  return figure;
}
