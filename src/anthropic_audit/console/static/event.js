import { copy, kept } from "./page.js";

// Links lead to the time that was looked at; from an event of long ago, to the week before and after it.
function followed(path) {
  const asked = new URLSearchParams(location.search), when = new Date(document.querySelector(".event time").dateTime).getTime();
  const week = 7 * 86_400_000;
  if (path.includes("from=")) return path;
  if (asked.has("from") || Number.isNaN(when) || when > Date.now() - week) return kept(path);
  const period = new URLSearchParams({ from: new Date(when - week).toISOString(), to: new Date(when + week).toISOString() });
  return `${path}${path.includes("?") ? "&" : "?"}${period}`;
}

for (const link of document.querySelectorAll('main a[href^="/"]')) link.href = followed(link.getAttribute("href"));

for (const button of document.querySelectorAll("[data-copy]")) {
  const what = button.dataset.copy;
  button.addEventListener("click", () => copy(button, what === "link" ? location.href : document.getElementById(what).dataset.exact));
}
document.body.dataset.ready = "yes";
