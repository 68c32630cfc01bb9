// On every page: the choice of light or dark.

import { startTheme } from "./lib/theme.js";

const button = document.getElementById("theme-button");
if (button) startTheme(button);
