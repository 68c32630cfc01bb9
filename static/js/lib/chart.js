// The one chart wrapper: the server's figure, drawn by plotly.js in the colours of the
// scheme. Live and historical charts go on from here.

import { loadPlotly, painted, themed } from "./plotly.js";

export class Chart {
  constructor(element, figure) {
    this.element = element;
    this.figure = figure;
    this.abort = new AbortController();
    this.ready = this.draw();
  }

  async draw() {
    await painted();
    [this.plotly] = await Promise.all([
      loadPlotly(this.element.dataset.plotly),
      this.prepare(),
    ]);
    if (this.abort.signal.aborted) return;
    this.element.replaceChildren();
    const { data, layout } = this.themed(this.figure);
    await this.plotly.newPlot(this.element, data, layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: "hover",
      modeBarButtons: [["toImage"]],
      toImageButtonOptions: { filename: this.element.dataset.saveName, scale: 2 },
    });
    this.element.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] !== undefined) this.zoomed(range);
      if ("xaxis.autorange" in change) this.unzoomed();
    });
    document.addEventListener("themechange", () => this.restyle(), { signal: this.abort.signal });
  }

  // What a chart needs before it is drawn; its answers to the mouse.
  async prepare() {}

  zoomed() {}

  unzoomed() {}

  restyle() {
    this.show({ data: this.element.data, layout: this.element.layout });
  }

  themed(figure) {
    return themed(figure, Number.parseFloat(getComputedStyle(this.element).fontSize));
  }

  show(figure) {
    const { data, layout } = this.themed(figure);
    return this.plotly.react(this.element, data, layout);
  }

  // The part of the page that held it is gone.
  close() {
    this.abort.abort();
    if (this.plotly) this.plotly.purge(this.element);
  }
}

// The figure that the server wrote into the page.
export function givenFigure(root = document) {
  return JSON.parse(root.querySelector("#figure").textContent);
}
