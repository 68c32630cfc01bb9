// The checks of a meter, fetched anew every few seconds while somebody works on it.

import { startRefreshingPage } from "./lib/refreshing-page.js";

startRefreshingPage();
