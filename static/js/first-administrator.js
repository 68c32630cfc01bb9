// The zone of the browser is a good first guess for the site's.

const zones = document.querySelector("select[name=time_zone]");
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const isUntouched = zones.value === "UTC" && !document.querySelector(".errorlist");
if (isUntouched && [...zones.options].some(({ value }) => value === timeZone)) {
  zones.value = timeZone;
}
