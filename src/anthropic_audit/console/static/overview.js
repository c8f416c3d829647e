import { draw, element, number, panels, ranking, refill, rows, share, state, time, kept } from "./page.js";
import "./query_bar.js";

function numbers(body, answer) {
  refill(body, element("ul", { class: "figures" }, ...answer.numbers.map((one) => {
    const inside = [element("span", { class: "title" }, one.title), element("strong", {}, number(one.value)),
      element("span", { class: "change", title: `${number(one.before)} in the previous period` }, share(one.value, one.before) || "none before")];
    return element("li", {}, one.filter
      ? element("button", { type: "button", title: `Filter for ${one.filter}`, onclick: () => state.keep(one.filter) }, ...inside)
      : element("div", {}, ...inside));
  })));
}

function fresh(body, answer) {
  if (!answer.values.length) {
    body.replaceChildren(element("p", { class: "empty" }, "No new values"));
    return;
  }
  refill(body, element("ul", { class: "new" }, ...answer.values.map((one) => element("li", {},
    one.link ? element("a", { href: kept(one.link) }, one.label || one.value)
      : one.filter ? element("button", { type: "button", class: "link", onclick: () => state.keep(one.filter) }, one.label || one.value) : element("span", {}, one.value),
    " ", element("small", {}, "first ", time(one.first), `, ${number(one.events)} event${one.events === 1 ? "" : "s"}`)))));
}

// All sensitive changes of what is asked for.
function allSensitive() {
  const link = document.getElementById("all-sensitive"), asked = new URLSearchParams(location.search);
  asked.append("filter", link.dataset.filter);
  link.href = `/explore?${asked}`;
}

document.addEventListener("asked", allSensitive);
allSensitive();
panels((name) => `/api/overview/${name}`, { numbers, chart: draw, ranking, new: fresh, rows });
