import { copy, withPeriod } from "./page.js";

// Links keep the page's period; without one, links of an event older than a week lead to the weeks around it.
function followed(path) {
  const parameters = new URLSearchParams(location.search), when = new Date(document.querySelector(".event time").dateTime).getTime();
  const week = 7 * 86_400_000;
  if (path.includes("from=")) return path;
  if (parameters.has("from") || Number.isNaN(when) || when > Date.now() - week) return withPeriod(path);
  const period = new URLSearchParams({ from: new Date(when - week).toISOString(), to: new Date(when + week).toISOString() });
  return `${path}${path.includes("?") ? "&" : "?"}${period}`;
}

for (const link of document.querySelectorAll('main a[href^="/"]')) link.href = followed(link.getAttribute("href"));

for (const button of document.querySelectorAll("[data-copy]")) {
  const what = button.dataset.copy;
  button.addEventListener("click", () => copy(button, what === "link" ? location.href : document.getElementById(what).dataset.exact));
}
document.body.dataset.ready = "yes";
