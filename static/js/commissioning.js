// Finding a meter: a photo of its label is read as soon as it is taken.

const form = document.getElementById("scan-form");
const photo = form.querySelector("input[type=file]");

photo.addEventListener("change", () => {
  if (!photo.files.length) return;
  document.getElementById("scan-state").hidden = false;
  form.submit();
});
