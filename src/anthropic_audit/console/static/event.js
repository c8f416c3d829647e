import { copy } from "./page.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const what = button.dataset.copy;
  button.addEventListener("click", () => copy(button, what === "link" ? location.href : document.getElementById(what).textContent));
}
document.body.dataset.ready = "yes";
