import { element } from "./page.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const what = button.dataset.copy;
    await navigator.clipboard.writeText(what === "link" ? location.href : document.getElementById(what).textContent);
    const told = element("span", { role: "status", class: "told-once" }, " copied");
    button.after(told);
    setTimeout(() => told.remove(), 2000);
  });
}
document.body.dataset.ready = "yes";
