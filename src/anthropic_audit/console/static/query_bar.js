// The query bar: query with completions, period, filters and automatic refresh.
import { request, element, isUtc, refill, state, clearQueryError } from "./page.js";

const form = document.getElementById("query-bar");
const input = document.getElementById("q");
const list = document.getElementById("completions");
const quick = document.getElementById("quick");
const custom = document.getElementById("custom");
const since = document.getElementById("since");
const until = document.getElementById("until");
const refresh = document.getElementById("refresh");
const filters = document.getElementById("filters");

// The bar stays above the page: what gets the focus must not scroll behind it, however many lines the bar has.
new ResizeObserver(() => {
  const isAbove = getComputedStyle(form).position === "sticky";
  document.documentElement.style.scrollPaddingTop = isAbove ? `${form.offsetHeight + 16}px` : "";
}).observe(form);

let options = [], completed = "", chosen = -1, replaces = 0, waiting, completing = new AbortController(), shown = {};

// Show the state of the URL; unfinished input is kept until the URL's query or period changes.
function show() {
  const now = state.read(), both = `${now.from}|${now.to}`;
  if (now.q !== shown.q) input.value = now.q;
  if (both !== shown.both) {
    const known = [...quick.options].some((one) => one.value === both);
    quick.value = known ? both : "custom";
    custom.hidden = known;
    since.value = now.from;
    until.value = now.to;
  }
  shown = { q: now.q, both };
  refill(filters, ...now.filters.map(pill));
  clearQueryError();
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

function choose(index) {
  chosen = index;
  [...list.children].forEach((one, position) => one.setAttribute("aria-selected", String(position === index)));
  if (index >= 0) {
    input.setAttribute("aria-activedescendant", `option-${index}`);
    list.children[index].scrollIntoView({ block: "nearest" });
  }
}

// The text may have grown since the completions were requested; the part that they replace begins at the same index.
function take(index) {
  const caret = input.selectionStart, before = completed.slice(0, completed.length - replaces), after = input.value.slice(caret);
  if (caret < before.length || !input.value.startsWith(before)) {
    close();
    return complete();
  }
  input.value = before + options[index].text + after;
  const at = before.length + options[index].text.length;
  input.setSelectionRange(at, at);
  close();
  if (options[index].text.endsWith(": ")) complete();
}

async function complete() {
  completing.abort();
  completing = new AbortController();
  const text = input.value.slice(0, input.selectionStart);
  try {
    const found = await request("/api/completions", { text }, completing.signal);
    options = found.options;
    replaces = found.replaces;
    completed = text;
  } catch {
    options = [];
  }
  list.replaceChildren(...options.map((one, index) => element("li", { role: "option", id: `option-${index}`, "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); take(index); } }, element("span", {}, one.text), element("small", {}, one.about))));
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
  completing.abort();
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

// The date picker uses the time zone that is shown, and writes the chosen time into the text field.
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
  if (seconds) timer = setInterval(() => { if (!document.hidden) document.dispatchEvent(new CustomEvent("query-changed")); }, seconds * 1000);
}
refresh.value = localStorage.getItem("refresh") || "0";
refresh.addEventListener("change", refreshing);
refreshing();
document.addEventListener("query-changed", show);
show();
