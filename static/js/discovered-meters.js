import { startRefreshingPage } from "./lib/refreshing-page.js";
import { startSelection } from "./lib/selection.js";

const selection = startSelection(document.getElementById("sort-form"), "meter");
startRefreshingPage({ onRefresh: selection.restore });
