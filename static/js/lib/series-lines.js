// From the answer of /api/v1/series to the points of the chart's traces.
//
// A trace's part is "mean" (the line), "negative" (the line below zero, where power
// flows the other way) or "band" (from minimum to maximum).

const isKnown = (value) => value !== null && value !== undefined;

// Runs of neighbours that are known: [[first, last], …]
function runs(values) {
  const found = [];
  let first = -1;
  values.forEach((value, index) => {
    if (isKnown(value) && first < 0) first = index;
    if (!isKnown(value) && first >= 0) {
      found.push([first, index - 1]);
      first = -1;
    }
  });
  if (first >= 0) found.push([first, values.length - 1]);
  return found;
}

// One polygon for each run, so that nothing is filled across a gap.
export function band({ time, min, max }, offset) {
  const x = [];
  const y = [];
  if (!min) return { x, y };
  for (const [first, last] of runs(min)) {
    for (let n = first; n <= last; n += 1) {
      x.push(time[n] + offset);
      y.push(max[n]);
    }
    for (let n = last; n >= first; n -= 1) {
      x.push(time[n] + offset);
      y.push(min[n]);
    }
    x.push(null);
    y.push(null);
  }
  return { x, y };
}

function put(line, at, value) {
  line.x.push(at);
  line.y.push(value);
}

// The line as two, above and below zero, which meet where it crosses.
export function splitAtZero(x, y) {
  const above = { x: [], y: [] };
  const below = { x: [], y: [] };
  y.forEach((value, n) => {
    const before = y[n - 1];
    if (isKnown(value) && isKnown(before) && before * value < 0) {
      const at = x[n - 1] + ((x[n] - x[n - 1]) * before) / (before - value);
      put(above, at, 0);
      put(below, at, 0);
    }
    put(above, x[n], isKnown(value) && value >= 0 ? value : null);
    put(below, x[n], isKnown(value) && value < 0 ? value : null);
  });
  return [above, below];
}

// The points of every trace of the figure; `offset` makes instants the site's clock.
export function tracePoints(traces, lines, offset) {
  const byQuantity = new Map(lines.map((line) => [line.quantity, line]));
  return traces.map(({ meta: { quantity, part } }) => {
    const line = byQuantity.get(quantity) ?? { time: [], mean: [] };
    if (part === "band") return band(line, offset);
    const x = line.time.map((time) => time + offset);
    const splits = traces.some(({ meta }) => meta.quantity === quantity && meta.part === "negative")
      && line.mean.some((value) => value < 0);
    if (!splits) return part === "mean" ? { x, y: line.mean } : { x: [], y: [] };
    const [above, below] = splitAtZero(x, line.mean);
    return part === "mean" ? above : below;
  });
}

// { min: { value, time }, mean, max: { value, time } } of a line; null without a value
export function summary({ time, mean, min = mean, max = mean }) {
  let low = -1;
  let high = -1;
  let sum = 0;
  let count = 0;
  mean.forEach((value, n) => {
    if (!isKnown(value)) return;
    sum += value;
    count += 1;
    if (low < 0 || min[n] < min[low]) low = n;
    if (high < 0 || max[n] > max[high]) high = n;
  });
  if (!count) return null;
  return {
    min: { value: min[low], time: time[low] },
    mean: sum / count,
    max: { value: max[high], time: time[high] },
  };
}

// One row an instant: [[time, [value of each line]], …], the newest first
export function tableRows(lines) {
  const rows = new Map();
  lines.forEach(({ time, mean }, column) => time.forEach((at, n) => {
    if (!isKnown(mean[n])) return;
    if (!rows.has(at)) rows.set(at, lines.map(() => null));
    rows.get(at)[column] = mean[n];
  }));
  return [...rows].toSorted(([a], [b]) => b - a);
}
