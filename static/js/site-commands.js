// The commands of a site: the page follows them as they go their way.

import { startLivePage } from "./lib/live-page.js";
import { refreshParts } from "./lib/refreshing.js";

const root = document.querySelector("[data-socket]");

startLivePage(root, { onMessage() {}, onReturn: () => refreshParts() });
