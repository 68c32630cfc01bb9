// Electrical arithmetic of one instant; the same as meters/domain/electrical.py.

const DEAD_PHASE_V = 5;
const PHASES = ["l1", "l2", "l3"];
const PHASES_TO_PHASE = ["l12", "l23", "l31"];

const sent = (values, base, suffixes) =>
  suffixes.map((suffix) => values[`${base}_${suffix}`]).filter((value) => value !== undefined);

// |P|/S, null without power
export function powerFactor(values) {
  const { active_power: active, reactive_power: reactive } = values;
  let { apparent_power: apparent } = values;
  if (active === undefined) return null;
  if (apparent === undefined) {
    if (reactive === undefined) return null;
    apparent = Math.hypot(active, reactive);
  }
  return apparent > 0 ? Math.min(1, Math.abs(active) / apparent) : null;
}

// "lagging", "leading" or "", from the quadrant
export function character(values) {
  const product = (values.active_power ?? 0) * (values.reactive_power ?? 0);
  if (!product) return "";
  return product > 0 ? "lagging" : "leading";
}

export function meanVoltage(values) {
  for (const suffixes of [PHASES, PHASES_TO_PHASE]) {
    const volts = sent(values, "voltage", suffixes);
    if (volts.length) {
      const live = volts.filter((value) => Math.abs(value) >= DEAD_PHASE_V);
      return live.length ? live.reduce((sum, value) => sum + value, 0) / live.length : 0;
    }
  }
  return null;
}

export function highestCurrent(values) {
  const amperes = sent(values, "current", PHASES);
  if (!amperes.length) return null;
  return amperes.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
}
