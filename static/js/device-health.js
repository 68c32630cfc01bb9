import { startRefreshingPage } from "./lib/refreshing-page.js";

startRefreshingPage();
