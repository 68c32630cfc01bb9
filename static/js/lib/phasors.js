// Voltages and currents as arrows; the same as meters/domain/phasors.py.

const DEAD_PHASE_V = 5;
const PHASES = ["l1", "l2", "l3"];
const ASSUMED = { l1: 0, l2: -120, l3: 120 };
const DEGREES = 180 / Math.PI;

// The same angle above -180° and up to 180°
const wrapped = (angle) => angle - 360 * Math.ceil((angle - 180) / 360);

function angleBetween(a, b, line) {
  if (a === undefined || b === undefined || !(line >= DEAD_PHASE_V)) return null;
  const cosine = (a * a + b * b - line * line) / (2 * a * b);
  // Rounding in the meter makes a little more of it; more is no triangle.
  if (Math.abs(cosine) > 1.02) return null;
  return Math.acos(Math.max(-1, Math.min(1, cosine))) * DEGREES;
}

function anglesOf(live, second, across, third) {
  const phases = Object.keys(live);
  if (phases.length === 1) return [ASSUMED, "single"];
  if (phases.length === 2) {
    if ("l1" in live) {
      const known = "l2" in live ? second : third;
      if (known === null) return [ASSUMED, "assumed"];
      return [{ l1: 0, l2: -(second ?? 0), l3: third ?? 0 }, "measured"];
    }
    if (across === null) return [ASSUMED, "assumed"];
    return [{ l2: -120, l3: wrapped(-120 - across) }, "measured"];
  }
  if (second === null || third === null || across === null) return [ASSUMED, "assumed"];
  // L3 stands on that side of L1 which fits the angle between L2 and L3.
  const misfit = (angle) => Math.abs(Math.abs(wrapped(angle + second)) - across);
  const side = misfit(third) <= misfit(-third) ? third : -third;
  return [{ l1: 0, l2: -second, l3: side }, "measured"];
}

// The star around the centre of the triangle of three line voltages
function starOfLines(values) {
  const sides = ["l12", "l23", "l31"].map((line) => Math.abs(values[`voltage_${line}`] ?? 0));
  const [u12, u23, u31] = sides;
  const sum = u12 + u23 + u31;
  if (Math.min(...sides) < DEAD_PHASE_V || 2 * Math.max(...sides) > sum) return [{}, ""];
  const along = (u12 * u12 + u31 * u31 - u23 * u23) / (2 * u12);
  const points = [[0, 0], [u12, 0], [along, Math.sqrt(Math.max(0, u31 * u31 - along * along))]];
  const x = (points[0][0] + points[1][0] + points[2][0]) / 3;
  const y = (points[0][1] + points[1][1] + points[2][1]) / 3;
  const first = Math.atan2(-y, -x);
  const star = {};
  points.forEach(([px, py], index) => {
    // The corners run the other way round than the phases.
    const angle = wrapped(-(Math.atan2(py - y, px - x) - first) * DEGREES);
    star[PHASES[index]] = [Math.hypot(px - x, py - y), angle];
  });
  return [star, "lines"];
}

function voltagesOf(values) {
  const live = {};
  for (const phase of PHASES) {
    const volts = values[`voltage_${phase}`];
    if (volts >= DEAD_PHASE_V) live[phase] = volts;
  }
  if (!Object.keys(live).length) return starOfLines(values);
  const [angles, source] = anglesOf(
    live,
    angleBetween(live.l1, live.l2, values.voltage_l12),
    angleBetween(live.l2, live.l3, values.voltage_l23),
    angleBetween(live.l3, live.l1, values.voltage_l31),
  );
  const found = {};
  for (const [phase, size] of Object.entries(live)) found[phase] = [size, angles[phase]];
  return [found, source];
}

function lagOf(values, suffix) {
  const active = values[`active_power${suffix}`];
  const reactive = values[`reactive_power${suffix}`];
  if (active === undefined || reactive === undefined || (!active && !reactive)) return null;
  return Math.atan2(reactive, active) * DEGREES;
}

const arrow = (kind, phase, size, angle) => ({ kind, phase, size, angle });

// { source, phasors: [{ kind, phase, size, angle }] }
export function diagram(values) {
  const [voltages, source] = voltagesOf(values);
  const phasors = Object.entries(voltages).map(
    ([phase, [size, angle]]) => arrow("voltage", phase, size, angle),
  );
  for (const [phase, [, angle]] of Object.entries(voltages)) {
    const current = Math.abs(values[`current_${phase}`] ?? 0);
    const lag = lagOf(values, source === "lines" ? "" : `_${phase}`);
    if (current > 0 && lag !== null) {
      phasors.push(arrow("current", phase, current, wrapped(angle - lag)));
    }
  }
  return { source, phasors };
}
