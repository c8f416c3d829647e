import { draw, element, number, panels, ranking, refill, rows, changeOf, state, time, withPeriod } from "./page.js";
import "./query_bar.js";

function numbers(body, answer) {
  refill(body, element("ul", { class: "figures" }, ...answer.numbers.map((one) => {
    const inside = [element("span", { class: "title" }, one.title), element("strong", {}, number(one.value)),
      element("span", { class: "change", title: `${number(one.before)} in the previous period` }, changeOf(one.value, one.before) || "none before")];
    return element("li", {}, one.filter
      ? element("button", { type: "button", title: `Filter for ${one.filter}`, onclick: () => state.addFilter(one.filter) }, ...inside)
      : element("div", {}, ...inside));
  })));
}

function fresh(body, answer) {
  if (!answer.values.length) {
    body.replaceChildren(element("p", { class: "empty" }, "No new values"));
    return;
  }
  refill(body, element("ul", { class: "new" }, ...answer.values.map((one) => element("li", {},
    one.link ? element("a", { href: withPeriod(one.link) }, one.label || one.value)
      : one.filter ? element("button", { type: "button", class: "link", onclick: () => state.addFilter(one.filter) }, one.label || one.value) : element("span", {}, one.value),
    " ", element("small", {}, "first ", time(one.first), `, ${number(one.events)} event${one.events === 1 ? "" : "s"}`)))));
}

// Link to all sensitive changes that match the query.
function allSensitive() {
  const link = document.getElementById("all-sensitive"), parameters = new URLSearchParams(location.search);
  parameters.append("filter", link.dataset.filter);
  link.href = `/explore?${parameters}`;
}

document.addEventListener("query-changed", allSensitive);
allSensitive();
panels((name) => `/api/overview/${name}`, { numbers, chart: draw, ranking, new: fresh, rows });
