// Times as the clock of a site shows them, days of changing clocks included.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7].map((n) => n * DAY),
];
const MONTHS = [1, 3, 12, 60];

const formatters = new Map();

function formatter(zone) {
  if (!formatters.has(zone)) {
    formatters.set(zone, new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  return formatters.get(zone);
}

// What the site's clock is ahead of UTC at an instant. [ms]
export function offsetAt(time, zone) {
  const parts = {};
  for (const { type, value } of formatter(zone).formatToParts(time)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / SECOND) * SECOND;
}

// The instant at which the site's clock shows this (ms as if it were UTC).
function instantOf(local, zone) {
  const guess = local - offsetAt(local, zone);
  return local - offsetAt(guess, zone);
}

const two = (number) => String(number).padStart(2, "0");
const shift = (time, zone) => new Date(time + offsetAt(time, zone));
const monthName = (local) => local.toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" });

// "10 Mar 14:05", with seconds where they matter
export function localTime(time, zone, { seconds = false } = {}) {
  const local = shift(time, zone);
  const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  const rest = seconds ? `:${two(local.getUTCSeconds())}` : "";
  return `${local.getUTCDate()} ${monthName(local)} ${clock}${rest}`;
}

// "2026-03-10T14:05:00": what stands in an address; the offset settles a double hour.
export function written(time, zone) {
  const offset = offsetAt(time, zone);
  const text = new Date(time + offset).toISOString().slice(0, 19);
  if (offsetAt(time - HOUR, zone) <= offset) return text;
  const minutes = Math.abs(offset) / MINUTE;
  const sign = offset < 0 ? "-" : "+";
  return `${text}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function label(local, step) {
  if (step >= 300 * DAY) return String(local.getUTCFullYear());
  if (step > 20 * DAY) {
    return local.getUTCMonth() ? monthName(local) : `${monthName(local)} ${local.getUTCFullYear()}`;
  }
  const isMidnight = local.getUTCHours() + local.getUTCMinutes() + local.getUTCSeconds() === 0;
  if (step >= DAY || isMidnight) return `${local.getUTCDate()} ${monthName(local)}`;
  const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  return step < MINUTE ? `${clock}:${two(local.getUTCSeconds())}` : clock;
}

function* instants(start, end, step, zone) {
  let time = start - 1;
  while (time <= end) {
    const offset = offsetAt(time, zone);
    // Days count from a Monday.
    const origin = step === 7 * DAY ? 4 * DAY : 0;
    const local = (Math.floor((time + offset - origin) / step) + 1) * step + origin;
    let next = local - offset;
    // An hour that comes twice is marked twice; a day begins once.
    if (step > HOUR && offsetAt(next, zone) !== offset) next = instantOf(local, zone);
    // A clock set back shows the same again: go on past it.
    time = next > time ? next : time + Math.min(step, HOUR);
    if (time >= start && time <= end) yield time;
  }
}

function* months(start, end, count, zone) {
  const first = shift(start, zone);
  let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / count) * count;
  for (;;) {
    const time = instantOf(Date.UTC(Math.floor(month / 12), month % 12, 1), zone);
    if (time > end) return;
    if (time >= start) yield time;
    month += count;
  }
}

// Where the marks of an axis stand, and what is written there: [{ time, text }]
export function ticks(start, end, zone, { most = 9 } = {}) {
  const span = Math.max(1, end - start);
  const step = STEPS.find((candidate) => span / candidate <= most);
  if (step) {
    return [...instants(start, end, step, zone)]
      .map((time) => ({ time, text: label(shift(time, zone), step) }));
  }
  const count = MONTHS.find((candidate) => span / (candidate * 30 * DAY) <= most + 4) ?? 120;
  return [...months(start, end, count, zone)]
    .map((time) => ({ time, text: label(shift(time, zone), count * 28 * DAY) }));
}
