// A form with a site and a meter that feeds: only meters of the chosen site can.

export function followSite(form, { site, parent }) {
  const siteField = form.elements[site];
  const parentField = form.elements[parent];

  function offer() {
    for (const option of parentField.options) {
      const isOther = Boolean(option.dataset.site) && option.dataset.site !== siteField.value;
      option.hidden = isOther;
      option.disabled = isOther;
      if (isOther && option.selected) parentField.value = "";
    }
  }

  siteField.addEventListener("change", offer);
  offer();
}
