// The page is made by the server; it comes anew each minute while somebody looks.
import "./page.js";

const MINUTE = 60_000;

document.body.dataset.ready = "yes";
setInterval(() => { if (!document.hidden) location.reload(); }, MINUTE);
