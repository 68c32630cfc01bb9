// Bars that compare the phases of a meter; the same as meters/domain/phase_bars.py.

const PHASES = ["l1", "l2", "l3"];
const LOW = 0.8;
const HIGH = 1.2;
const HEADROOM = 1.25;

const sent = (values, quantity) => PHASES
  .filter((phase) => values[`${quantity}_${phase}`] !== undefined)
  .map((phase) => [phase, values[`${quantity}_${phase}`]]);

function share(part, whole) {
  if (!(whole > 0) || !Number.isFinite(part)) return 0;
  return Math.max(0, Math.min(1, part / whole));
}

function voltage(found, nominal) {
  if (!nominal) return fromZero("voltage", "V", found, null);
  const low = LOW * nominal;
  const span = (HIGH - LOW) * nominal;
  const bars = found.map(([phase, value]) => ({ phase, value, share: share(value - low, span) }));
  return { quantity: "voltage", unit: "V", bars, mark: (1 - LOW) / (HIGH - LOW), reference: nominal };
}

function fromZero(quantity, unit, found, mark) {
  const greatest = Math.max(0, ...found.map(([, value]) => Math.abs(value)));
  const top = Math.max(HEADROOM * (mark ?? 0), mark ? greatest : HEADROOM * greatest);
  const bars = found.map(([phase, value]) => ({ phase, value, share: share(Math.abs(value), top) }));
  return { quantity, unit, bars, mark: mark ? mark / top : null, reference: mark || null };
}

export function barGroups(values, { nominalVoltage, ratedCurrent }) {
  const ratedPower = nominalVoltage && ratedCurrent ? (nominalVoltage * ratedCurrent) / 1000 : null;
  return [
    voltage(sent(values, "voltage"), nominalVoltage || null),
    fromZero("current", "A", sent(values, "current"), ratedCurrent || null),
    fromZero("active_power", "kW", sent(values, "active_power"), ratedPower),
  ].filter(({ bars }) => bars.length);
}
