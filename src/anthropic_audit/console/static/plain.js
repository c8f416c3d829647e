import "./page.js";

document.body.dataset.ready = "yes";
