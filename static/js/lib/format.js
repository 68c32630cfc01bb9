// Figures as people read them; the same as meters/domain/formatting.py.

export const NOTHING = "–";
const MINUS = "−";
const HUGE = 1e15;
const KILO_BASED = [["", 1e-3], ["k", 1], ["M", 1e3], ["G", 1e6]];
const PLAIN = [["", 1], ["k", 1e3]];
const SCALES = {
  kW: ["W", KILO_BASED],
  kvar: ["var", KILO_BASED],
  kVA: ["VA", KILO_BASED],
  kWh: ["Wh", KILO_BASED],
  kvarh: ["varh", KILO_BASED],
  V: ["V", PLAIN],
  A: ["A", PLAIN],
};
const DIGITS = { V: 4, Hz: 4 };

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// "12.50"
export function formatFixed(value, decimals) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  const text = size >= HUGE ? size.toExponential(2) : size.toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

// "40", as it was sent
export function formatPlain(value) {
  return isNumber(value) ? String(Number(value.toPrecision(10))).replace("-", MINUS) : NOTHING;
}

export function formatSignificant(value, digits = 3) {
  if (!isNumber(value)) return NOTHING;
  if (value === 0) return "0";
  for (let decimals = digits - 1; decimals > 0; decimals -= 1) {
    const text = formatFixed(value, decimals);
    const whole = text.replace(MINUS, "").split(".")[0];
    if (whole.length + decimals <= digits) return text;
  }
  return formatFixed(value, 0);
}

// 0.95 kW is { figure: "950", unit: "W" }
export function formatMeasure(value, unit) {
  const digits = DIGITS[unit] ?? 3;
  if (!(unit in SCALES) || !isNumber(value) || value === 0) {
    return { figure: formatSignificant(value, digits), unit };
  }
  const [base, steps] = SCALES[unit];
  let measure;
  for (const [prefix, size] of steps) {
    const figure = formatSignificant(value / size, digits);
    measure = { figure, unit: prefix + base };
    if (Math.abs(value / size) < 1000 && figure.replace(MINUS, "") !== "1000") break;
  }
  return measure;
}

const written = ({ figure, unit }) => `${figure} ${unit}`.trimEnd();

// "950 W", "1.25 kW", "1.25 MW"
export const formatPower = (kilowatts) => written(formatMeasure(kilowatts, "kW"));
// "950 Wh", "3.21 MWh"
export const formatEnergy = (kilowattHours) => written(formatMeasure(kilowattHours, "kWh"));
// "231.4 V", "10.3 kV"
export const formatVoltage = (volts) => written(formatMeasure(volts, "V"));
// "12.5 A"
export const formatCurrent = (amperes) => written(formatMeasure(amperes, "A"));

// "20 s", "12 min", "3 h", "2 d"
export function formatAge(seconds) {
  const age = Math.max(0, seconds);
  if (age < 60) return `${Math.floor(age)} s`;
  if (age < 3600) return `${Math.floor(age / 60)} min`;
  if (age < 48 * 3600) return `${Math.floor(age / 3600)} h`;
  return `${Math.floor(age / 86400)} d`;
}

// The numbers of the bits that are set, from 1: 5 is "1, 3".
export function formatBits(mask) {
  if (!isNumber(mask)) return NOTHING;
  const numbers = [];
  for (let n = 0; n < 31; n += 1) if ((mask >> n) & 1) numbers.push(n + 1);
  return numbers.join(", ") || "0";
}

// "42 s", from the instant at which it ends; nothing when that is over
export function countdown(until, now) {
  const seconds = Math.ceil((Date.parse(until) - now) / 1000);
  return seconds > 0 ? formatAge(seconds) : "";
}
