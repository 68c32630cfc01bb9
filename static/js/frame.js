// On every page: the choice of light or dark, and the search for meters.

import { startSearchBox } from "./lib/search-box.js";
import { startTheme } from "./lib/theme.js";

const button = document.getElementById("theme-button");
if (button) startTheme(button);
const search = document.getElementById("search-box");
if (search) startSearchBox(search);
