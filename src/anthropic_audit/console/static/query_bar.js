// The query bar: query with completions, period, filters, refreshing.
import { ask, element, isUtc, refill, state, clearTrouble } from "./page.js";

const form = document.getElementById("query-bar");
const input = document.getElementById("q");
const list = document.getElementById("completions");
const quick = document.getElementById("quick");
const custom = document.getElementById("custom");
const since = document.getElementById("since");
const until = document.getElementById("until");
const refresh = document.getElementById("refresh");
const filters = document.getElementById("filters");

let options = [], completed = "", chosen = -1, replaces = 0, waiting, asking = new AbortController(), told = {};

// What is being written stays as it is, until something else is asked for.
function show() {
  const now = state.read(), both = `${now.from}|${now.to}`;
  if (now.q !== told.q) input.value = now.q;
  if (both !== told.both) {
    const known = [...quick.options].some((one) => one.value === both);
    quick.value = known ? both : "custom";
    custom.hidden = known;
    since.value = now.from;
    until.value = now.to;
  }
  told = { q: now.q, both };
  refill(filters, ...now.filters.map(pill));
  clearTrouble();
}

function pill(filter) {
  const others = () => state.read().filters.filter((one) => one !== filter);
  const inverse = filter.startsWith("not ") ? filter.slice(4) : `not ${filter}`;
  return element("li", { class: filter.startsWith("not ") ? "excluded" : "" }, element("code", {}, filter),
    element("button", { type: "button", class: "quiet", title: "Invert filter", "aria-label": `Invert ${filter}`, onclick: () => state.write({ filter: [...others(), inverse], after: "" }) }, "⇄"),
    element("button", { type: "button", class: "quiet", title: "Remove filter", "aria-label": `Remove ${filter}`, onclick: () => state.write({ filter: others(), after: "" }) }, "×"));
}

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function choose(place) {
  chosen = place;
  [...list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === place)));
  if (place >= 0) {
    input.setAttribute("aria-activedescendant", `option-${place}`);
    list.children[place].scrollIntoView({ block: "nearest" });
  }
}

// The text may have grown since the options were found: what they replace still begins at the same place.
function take(place) {
  const caret = input.selectionStart, before = completed.slice(0, completed.length - replaces), after = input.value.slice(caret);
  if (caret < before.length || !input.value.startsWith(before)) {
    close();
    return complete();
  }
  input.value = before + options[place].text + after;
  const at = before.length + options[place].text.length;
  input.setSelectionRange(at, at);
  close();
  if (options[place].text.endsWith(": ")) complete();
}

async function complete() {
  asking.abort();
  asking = new AbortController();
  const text = input.value.slice(0, input.selectionStart);
  try {
    const found = await ask("/api/completions", { text }, asking.signal);
    options = found.options;
    replaces = found.replaces;
    completed = text;
  } catch {
    options = [];
  }
  list.replaceChildren(...options.map((one, place) => element("li", { role: "option", id: `option-${place}`, "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); take(place); } }, element("span", {}, one.text), element("small", {}, one.about))));
  if (!options.length || document.activeElement !== input) return close();
  list.hidden = false;
  chosen = -1;
  input.setAttribute("aria-expanded", "true");
}

input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(complete, 150); });
input.addEventListener("blur", close);
input.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  if (event.key === "ArrowDown") choose((chosen + 1) % options.length);
  else if (event.key === "ArrowUp") choose((Math.max(chosen, 0) + options.length - 1) % options.length);
  else if (event.key === "Escape") close();
  else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName)) {
    event.preventDefault();
    input.focus();
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  asking.abort();
  close();
  const period = quick.value === "custom" ? [since.value, until.value] : quick.value.split("|");
  state.write({ q: input.value.trim(), from: period[0], to: period[1], after: "" });
});
quick.addEventListener("change", () => {
  if (quick.value === "custom") {
    custom.hidden = false;
    since.focus();
    return;
  }
  custom.hidden = true;
  const [from, to] = quick.value.split("|");
  state.write({ from, to, after: "" });
});

// Ends of a period can be picked, in the zone that is shown; what is picked is written as any other time.
for (const button of document.querySelectorAll("[data-picks]")) {
  const input = document.getElementById(button.dataset.picks), picker = document.getElementById(`${button.dataset.picks}-picker`);
  button.addEventListener("click", () => picker.showPicker());
  picker.addEventListener("change", () => {
    if (picker.value) input.value = new Date(isUtc() ? `${picker.value}Z` : picker.value).toISOString().replace(".000Z", "Z");
    input.focus();
  });
}

let timer;
function refreshing() {
  clearInterval(timer);
  localStorage.setItem("refresh", refresh.value);
  const seconds = Number(refresh.value);
  if (seconds) timer = setInterval(() => { if (!document.hidden) document.dispatchEvent(new CustomEvent("asked")); }, seconds * 1000);
}
refresh.value = localStorage.getItem("refresh") || "0";
refresh.addEventListener("change", refreshing);
refreshing();
document.addEventListener("asked", show);
show();
