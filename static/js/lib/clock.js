// The server's clock: this machine's may be wrong, and ages are told by the server's.

const { now, zone } = document.documentElement.dataset;
const loaded = Date.now();
const difference = Date.parse(now) - loaded;
// The way here takes a moment; that is no difference of clocks.
const skew = Math.abs(difference) > 5000 ? difference : 0;

export const serverNow = () => Date.now() + skew;

// "14:03:05", as the clock of the site shows it
export function clockTime(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString("en-GB", { timeZone: zone });
}
