// What a meter shows that no meter below it shows; the same as meters/domain/balance.py.

const TOLERANCE = 0.05;
const LEAST_KW = 0.1;

export function restOf(above, below) {
  if (above === null || !below.length || below.includes(null)) return null;
  return above - below.reduce((sum, power) => sum + power, 0);
}

export function contradicts(rest, above, below) {
  if (rest === null || above === null) return false;
  const carried = below.reduce((sum, power) => sum + Math.abs(power), 0);
  return rest < -Math.max(TOLERANCE * Math.max(Math.abs(above), carried), LEAST_KW);
}
