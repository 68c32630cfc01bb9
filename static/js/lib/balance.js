// What a meter shows that no meter below it shows; the same as meters/domain/balance.py.

const TOLERANCE = 0.05;
const LEAST_KW = 0.1;

export function restOf(above, below) {
  if (above === null || !below.length || below.includes(null)) return null;
  return above - below.reduce((sum, power) => sum + power, 0);
}

export function contradicts(rest, above) {
  if (rest === null || above === null) return false;
  return rest < -Math.max(TOLERANCE * Math.abs(above), LEAST_KW);
}
