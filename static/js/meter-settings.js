// How a meter's values are read: what the ratios make of what it has sent.

import { previewRatios } from "./lib/ratio-preview.js";

previewRatios(document.getElementById("settings-form"));
