// The form that claims a meter: parents of the chosen site, and what the ratios make.

import { followSite } from "./lib/parent-options.js";
import { previewRatios } from "./lib/ratio-preview.js";

const form = document.getElementById("claim-form");

followSite(form, { site: "site", parent: "parent" });
previewRatios(form);
