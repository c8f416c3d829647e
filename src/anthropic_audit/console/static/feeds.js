// The page is rendered by the server; it reloads each minute while it is visible.
import "./page.js";

const MINUTE = 60_000;

document.body.dataset.ready = "yes";
setInterval(() => { if (!document.hidden) location.reload(); }, MINUTE);
