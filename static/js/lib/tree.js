// The distribution tree: opens and closes, walks by keyboard, and says what no meter
// below another one shows. A table in which the rows of a branch follow one another.

import { contradicts, restOf } from "./balance.js";
import { formatFixed } from "./format.js";
import { put } from "./live-values.js";

const level = (row) => Number(row.getAttribute("aria-level"));
const isOpen = (row) => row.getAttribute("aria-expanded") !== "false";

// More rows than these begin closed below the feeders.
const MANY = 60;
const phone = window.matchMedia("(max-width: 767.98px)");

export class Tree {
  // powerOf gives the signed power of a meter by its id, or null.
  // `closed` keeps what was closed before the table was fetched anew.
  constructor(table, powerOf, closed = null) {
    this.table = table;
    this.powerOf = powerOf;
    this.body = table.tBodies[0];
    this.closed = closed ?? new Set();
    this.body.addEventListener("click", (event) => {
      const toggle = event.target.closest(".toggle");
      if (toggle) this.toggle(toggle.closest("tr"));
    });
    this.body.addEventListener("keydown", (event) => this.walk(event));
    this.index();
    if (!closed && (this.rows.length > MANY || phone.matches)) this.closeBelow(2);
    this.show();
  }

  index() {
    this.rows = [...this.body.rows];
    this.byId = new Map(this.rows.filter(({ dataset }) => dataset.meter)
      .map((row) => [row.dataset.meter, row]));
    this.rests = this.rows.filter(({ dataset }) => dataset.restOf).map((row) => {
      const above = this.byId.get(row.dataset.restOf);
      return {
        row,
        above,
        below: above.dataset.below.trim().split(" "),
        figure: row.querySelector(".rest-power"),
        share: row.querySelector(".rest-share"),
      };
    });
    for (const [id, row] of this.byId) if (this.closed.has(id)) this.set(row, false);
    this.focusable = null;
    this.rove(this.rows[0]);
  }

  closeBelow(depth) {
    for (const row of this.byId.values()) {
      if (level(row) >= depth && row.hasAttribute("aria-expanded")) this.set(row, false);
    }
  }

  set(row, open) {
    row.setAttribute("aria-expanded", String(open));
    if (open) this.closed.delete(row.dataset.meter);
    else this.closed.add(row.dataset.meter);
  }

  toggle(row, open = !isOpen(row)) {
    if (!row.hasAttribute("aria-expanded")) return;
    this.set(row, open);
    this.show();
  }

  // Hides what hangs below a closed row.
  show() {
    let hiddenBelow = Infinity;
    for (const row of this.rows) {
      const depth = level(row);
      if (depth <= hiddenBelow) hiddenBelow = Infinity;
      row.hidden = depth > hiddenBelow;
      if (!row.hidden && !isOpen(row)) hiddenBelow = depth;
    }
  }

  rove(row) {
    if (this.focusable) this.focusable.tabIndex = -1;
    this.focusable = row;
    if (row) row.tabIndex = 0;
  }

  go(row) {
    if (!row) return;
    this.rove(row);
    row.focus();
  }

  walk(event) {
    const row = event.target.closest("tr");
    if (event.target !== row || event.altKey || event.ctrlKey || event.metaKey) return;
    const visible = this.rows.filter(({ hidden }) => !hidden);
    const at = visible.indexOf(row);
    const step = {
      ArrowDown: () => this.go(visible[at + 1]),
      ArrowUp: () => this.go(visible[at - 1]),
      Home: () => this.go(visible[0]),
      End: () => this.go(visible.at(-1)),
      Enter: () => row.querySelector("a")?.click(),
      ArrowRight: () => (row.getAttribute("aria-expanded") === "false"
        ? this.toggle(row, true) : this.go(visible[at + 1])),
      ArrowLeft: () => (row.getAttribute("aria-expanded") === "true"
        ? this.toggle(row, false)
        : this.go(visible.slice(0, at).findLast((other) => level(other) < level(row)))),
    }[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  }

  // What is left below each meter; `total` is the power of the site.
  writeRests(total) {
    for (const { row, above, below, figure, share } of this.rests) {
      const rows = [above, ...below.map((id) => this.byId.get(id))];
      const isKnown = rows.every((each) => each?.dataset.age === "fresh");
      const power = this.powerOf(above.dataset.meter);
      const powers = below.map((id) => this.powerOf(id));
      const rest = isKnown ? restOf(power, powers) : null;
      put(figure, formatFixed(rest, Number(figure.dataset.decimals)));
      const part = total > 0 && rest >= 0 ? Math.min(1, rest / total) : null;
      put(share, rest === null || part === null ? "" : `${formatFixed(part * 100, 0)} %`);
      const says = contradicts(rest, power, powers) ? "yes" : "no";
      if (row.dataset.contradicts !== says) row.dataset.contradicts = says;
    }
  }
}
