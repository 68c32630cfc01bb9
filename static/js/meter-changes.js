// Moving a meter: parents of the chosen site.

import { followSite } from "./lib/parent-options.js";

const form = document.getElementById("move-form");

if (form) followSite(form, { site: "move-site", parent: "move-parent" });
