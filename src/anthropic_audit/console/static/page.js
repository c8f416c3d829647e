// Shared by all pages: the query in the URL, times, values and charts.

export const state = {
  read() {
    const parameters = new URLSearchParams(location.search);
    return {
      from: parameters.get("from") || "now-7d",
      to: parameters.get("to") || "now",
      q: parameters.get("q") || "",
      filters: parameters.getAll("filter"),
      parameters,
    };
  },
  write(changes) {
    const parameters = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      parameters.delete(name);
      for (const one of Array.isArray(value) ? value : [value]) if (one) parameters.append(name, one);
    }
    if (parameters.get("from") === "now-7d") parameters.delete("from");
    if (parameters.get("to") === "now") parameters.delete("to");
    const text = parameters.size ? `?${parameters}` : "";
    if (text !== location.search) history.pushState(null, "", text || location.pathname);
    document.dispatchEvent(new CustomEvent("query-changed"));
  },
  addFilter(filter) {
    const { filters } = state.read();
    if (!filters.includes(filter)) state.write({ filter: [...filters, filter], after: "" });
  },
};

export const isUtc = () => (localStorage.getItem("zone") || "local") === "utc";
export const csrf = () => document.body.dataset.csrf || "";

// As visible.py: invisible characters, and those that change the direction of others, are shown as ⟨U+202E⟩.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const DRAWN = /[\t\n\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;
const JOINING = /[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]/u;
const EMOJI = /[\u00a9\u00ae\u203c-\u3299\u{1f000}-\u{1faff}\ufe0f]/u;
const IDEOGRAPH = /[\u3400-\u9fff\u{20000}-\u{3ffff}]/u;

function isNeeded(character, before, after) {
  if (before === "") return false;
  if (character === "\u200c") return JOINING.test(before) && JOINING.test(after);
  if (character === "\u200d") return JOINING.test(before) || (EMOJI.test(before) && EMOJI.test(after));
  if (character === "\ufe0e" || character === "\ufe0f") return before !== "\ufe0f" && (EMOJI.test(before) || /[0-9#*]/.test(before));
  return /[\ufe00-\ufe0d\u{e0100}-\u{e01ef}]/u.test(character) && IDEOGRAPH.test(before);
}

export function visible(text) {
  return text.replace(HIDDEN, (character, place) => {
    const before = [...text.slice(Math.max(0, place - 2), place)].at(-1) ?? "";
    const after = [...text.slice(place + character.length, place + character.length + 2)][0] ?? "";
    if (DRAWN.test(character) || isNeeded(character, before, after)) return character;
    return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "title" || name === "aria-label") made.setAttribute(name, visible(String(value)));
    else made.setAttribute(name, value === true ? "" : value);
  }
  const present = children.filter((child) => child !== null && child !== undefined && child !== false);
  made.append(...present.map((child) => (child instanceof Node ? child : visible(String(child)))));
  return made;
}

// Replace an element's children; keyboard focus inside moves to the control of the same name, or to the first one.
export function refill(place, ...children) {
  const called = (one) => (one.getAttribute("aria-label") || one.textContent).replace(/ [↓↑]$/, "");
  const was = place.contains(document.activeElement) && called(document.activeElement);
  place.replaceChildren(...children);
  if (was === false) return;
  const all = [...place.querySelectorAll("a, button, summary")];
  (all.find((one) => called(one) === was) ?? all[0] ?? document.getElementById("main")).focus();
}

export const number = (value) => Number(value).toLocaleString("en");
export const events = (count) => `${number(count)} ${count === 1 ? "event" : "events"}`;

export function shownTime(text) {
  const when = new Date(text);
  if (Number.isNaN(when.getTime())) return text;
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  if (isUtc()) options.timeZone = "UTC";
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", options).formatToParts(when).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}${isUtc() ? " UTC" : ""}`;
}

export function time(text) {
  return element("time", { datetime: text, title: text }, shownTime(text));
}

export function formatTimes(root = document) {
  for (const one of root.querySelectorAll("time[datetime]")) {
    one.textContent = shownTime(one.getAttribute("datetime"));
    one.title = one.getAttribute("datetime");
  }
}

export class RequestError extends Error {
  constructor(reply, status) {
    super(reply.error || "no response");
    this.hint = reply.hint;
    this.column = reply.column;
    this.status = status;
  }
}

export async function request(path, extra = {}, signal) {
  const parameters = new URLSearchParams();
  const now = state.read();
  parameters.set("from", now.from);
  parameters.set("to", now.to);
  if (now.q) parameters.set("q", now.q);
  for (const one of now.filters) parameters.append("filter", one);
  parameters.set("tz", isUtc() ? "utc" : "local");
  for (const [name, value] of Object.entries(extra)) parameters.set(name, value);
  return fetchJson(`${path}?${parameters}`, { signal, headers: { accept: "application/json" } });
}

// Fetch JSON; throw `RequestError` for an error or no response, and go to the login page when the session has ended.
async function fetchJson(address, how) {
  const answer = await fetch(address, how).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new RequestError({ error: "the console does not respond", hint: "check that it is running, then reload the page" });
  });
  showDamage(answer.headers.get("x-archive-damage"));
  if (answer.status === 401) {
    location.assign("/login");
    throw new DOMException("this page is being left", "AbortError");
  }
  const text = await answer.text();
  const body = /json/.test(answer.headers.get("content-type")) ? JSON.parse(text) : { error: text.trim() };
  if (!answer.ok) throw new RequestError(body, answer.status);
  return body;
}

// Show damaged files that were found after the page was loaded, like the server does in base.html.
function showDamage(files) {
  if (!files) return;
  let banner = document.querySelector(".damage");
  if (!banner) {
    const command = element("code", {}, "anthropic-audit archive repair");
    const help = [" Run ", command, " to set damaged files aside and restore what can be restored. Reload the page to list the files."];
    banner = element("section", { class: "damage", role: "alert", "aria-label": "Damaged files" }, element("p", {}, element("strong"), ...help));
    document.querySelector("body > header").after(banner);
  }
  banner.querySelector("strong").textContent = `Results are incomplete: ${files} damaged or missing file${files === "1" ? "" : "s"} of the archive ${files === "1" ? "is" : "are"} left out.`;
}

// Send a request that may take long; after half a second, call `onProgress` with the progress in percent or null.
export async function requestWithProgress(path, onProgress, signal, extra = {}) {
  const ticket = Math.random().toString(36).slice(2);
  let isOver = false;
  const look = async () => {
    const answer = await fetch(`/api/progress?ticket=${ticket}`, { signal });
    const progress = answer.ok ? await answer.json() : { percent: null };
    if (!isOver) onProgress(progress.percent);
  };
  const first = setTimeout(() => onProgress(null), 500);
  const timer = setInterval(() => look().catch(() => {}), 1000);
  try {
    return await request(path, { ...extra, ticket }, signal);
  } finally {
    isOver = true;
    clearTimeout(first);
    clearInterval(timer);
  }
}

export const percent = (done) => (done === null ? "" : `${Math.floor(done)} %`);

export async function send(path, form) {
  return fetchJson(path, { method: "POST", body: new URLSearchParams(form), headers: { "x-csrf-token": csrf() } });
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function config() {
  const ink = colour("--ink"), soft = colour("--soft"), line = colour("--line");
  const text = { labelColor: soft, titleColor: soft, labelFont: "inherit", titleFont: "inherit" };
  return {
    background: "transparent",
    font: "system-ui, sans-serif",
    view: { stroke: "transparent" },
    axis: { ...text, gridColor: line, domainColor: line, tickColor: line, titleFontWeight: "normal" },
    legend: { labelColor: ink, symbolType: "square" },
    range: { category: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((place) => colour(`--c${place}`)) },
    circle: { color: colour("--accent") },
    bar: { color: colour("--accent") },
  };
}

// Each ECS category has its own colour, the same on every page.
const CATEGORIES = ["authentication", "api", "configuration", "file", "iam", "session", "vulnerability", "web", "process", "threat"];

// The layer of a chart that shows the counted events; other layers draw land, or the previous period.
const main = (spec) => spec.layer?.find((one) => one.params) || spec;

function coloured(spec) {
  const scheme = main(spec).encoding?.color;
  if (!scheme?.field) return spec;
  const present = [...new Set(main(spec).data.values.map((one) => one[scheme.field]))].sort();
  const range = present.map((value, place) => {
    const known = CATEGORIES.indexOf(value);
    return value === "none" ? colour("--soft") : colour(`--c${1 + ((known < 0 ? place : known) % 10)}`);
  });
  scheme.scale = { domain: present, range };
  return spec;
}

export async function draw(body, answer) {
  body.replaceChildren();
  if (!answer.events) {
    body.append(element("p", { class: "empty" }, "No events in this period"));
    return;
  }
  const painted = ["land", "soft"].reduce((text, name) => text.replaceAll(`"value":"${name}"}`, `"value":"${colour(`--${name}`)}"}`), JSON.stringify(answer.spec));
  const spec = JSON.parse(painted);
  const place = element("div", { class: "chart" });
  body.append(place);
  const made = await window.vegaEmbed(place, coloured(spec), {
    ast: true, actions: false, renderer: "svg", defaultStyle: false, config: config(),
    tooltip,
  });
  if (!place.isConnected) return;
  for (const brush of place.querySelectorAll(".span_brush, .span_brush_bg")) brush.setAttribute("aria-hidden", "true");
  body.append(asTable(answer));
  listen(made.view, answer);
}

// Show the values under the pointer.
function tooltip(_, event, item, value) {
  let place = document.getElementById("tooltip");
  if (!value) return place?.remove();
  if (!place) document.body.append((place = element("div", { id: "tooltip", role: "tooltip" })));
  place.replaceChildren(...Object.entries(value).map(([name, shown]) => element("div", {}, element("small", {}, `${name} `), String(shown))));
  place.style.left = `${Math.min(event.clientX + 14, innerWidth - place.offsetWidth - 8)}px`;
  place.style.top = `${Math.min(event.clientY + 14, innerHeight - place.offsetHeight - 8)}px`;
}

// The chart's data as a table, for screen readers.
function asTable(answer) {
  const layer = main(answer.spec);
  const sums = new Map();
  for (const one of layer.data.values) {
    const name = one.country || one.value;
    sums.set(name, (sums.get(name) || 0) + one.events);
  }
  const rows = [...sums].map(([name, events]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, number(events))));
  const head = element("tr", {}, element("th", { scope: "col" }, "value"), element("th", { scope: "col" }, "events"));
  const table = element("table", {}, element("caption", {}, answer.spec.description), element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "visually-hidden" }, table);
}

function listen(view, answer) {
  const signals = view.getState({ signals: () => true, data: () => false }).signals;
  if ("span" in signals) {
    let chosen = null;
    view.addSignalListener("span", (_, value) => { chosen = value.start; });
    // The pointer may be released outside of the chart.
    view.addEventListener("pointerdown", () => addEventListener("pointerup", () => setTimeout(() => {
      if (!chosen || chosen[1] - chosen[0] < 1000) return;
      const [from, to] = chosen.map((when) => new Date(when).toISOString());
      state.write({ from, to, after: "" });
    }), { once: true }));
    view.addSignalListener("value", (_, value) => {
      if (value.value && value.value[0] !== "none") state.addFilter(equality(answer.field, value.value[0]));
    });
  }
  if ("country" in signals) {
    view.addSignalListener("country", (_, value) => {
      if (value.code) state.addFilter(equality(answer.field, value.code[0]));
    });
  }
}

export const quoted = (value) => `"${String(value).replace(/([\\"*])/g, "\\$1")}"`;
export const equality = (field, value) => `${field} : ${quoted(value)}`;

export function ranking(body, answer) {
  if (!answer.values.length) {
    const none = answer.without ? `No value in ${events(answer.without)}` : "No events in this period";
    body.replaceChildren(element("p", { class: "empty" }, none));
    return;
  }
  const most = Math.max(...answer.values.map((one) => one.events));
  const list = element("ol", { class: "ranking" });
  for (const one of answer.values) {
    const bar = element("span", { class: "fill", "aria-hidden": "true" });
    bar.style.width = `${(100 * one.events) / most}%`;
    const label = one.label || one.value;
    const name = one.link ? element("a", { href: withPeriod(one.link), title: one.about || label }, label) : element("span", { title: one.about || label }, label);
    const row = element("li", {}, bar, element("span", { class: "name" }, name),
      one.filter && element("span", { class: "buttons" },
        element("button", { type: "button", class: "quiet", title: `Filter for ${label}`, "aria-label": `Filter for ${label}`, onclick: () => state.addFilter(one.filter) }, "+"),
        element("button", { type: "button", class: "quiet", title: `Filter out ${label}`, "aria-label": `Filter out ${label}`, onclick: () => state.addFilter(`not ${one.filter}`) }, "−")),
      element("span", { class: "count" }, number(one.events)), change(one));
    list.append(row);
  }
  const rest = [];
  if (answer.distinct > answer.values.length) rest.push(`${number(answer.distinct)} distinct values`);
  if (answer.without) rest.push(`${events(answer.without)} without a value`);
  if (answer.sample) rest.push(`among about the newest ${number(answer.sample)} events`);
  refill(body, list, element("p", { class: "rest" }, rest.join(", ")));
}

function change(one) {
  if (one.before === undefined) return null;
  return element("span", { class: "change", title: `${number(one.before)} in the previous period` }, changeOf(one.events, one.before));
}

export function changeOf(now, before) {
  if (!before) return now ? "new" : "";
  const percent = Math.round((100 * (now - before)) / before);
  return percent === 0 ? "±0 %" : `${percent > 0 ? "+" : "−"}${number(Math.abs(percent))} %`;
}

export function rows(body, answer) {
  if (!answer.rows.length) {
    body.replaceChildren(element("p", { class: "empty" }, "No events in this period"));
    return;
  }
  refill(body, element("ol", { class: "sentences" }, ...answer.rows.map((one) => element("li", {}, time(one.at), " ",
    element("a", { href: withPeriod(`/event/${one.seq}`) }, one.told), " ", ...tags(one)))));
}

export function tags(one) {
  const found = [];
  if (one.sensitivity && one.sensitivity !== "routine") found.push(element("span", { class: `tag ${one.sensitivity}` }, one.sensitivity));
  if (one.outcome === "failure") found.push(element("span", { class: "tag failure" }, "failure"));
  return found;
}

// Copy a text, and show the result next to the button; browsers allow it with HTTPS or on localhost only.
export async function copy(button, text) {
  const notice = element("span", { role: "status", class: "notice" });
  button.after(notice);
  notice.textContent = await navigator.clipboard?.writeText(text).then(() => " Copied", () => "") || " Copying needs HTTPS or localhost";
  setTimeout(() => notice.remove(), 2000);
}

// Return a link with the current period.
export function withPeriod(path) {
  const { parameters } = state.read();
  const period = new URLSearchParams();
  for (const name of ["from", "to"]) if (parameters.get(name)) period.set(name, parameters.get(name));
  const text = period.toString();
  return text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
}

export function failed(body, error) {
  if (error.name === "AbortError") return;
  body.replaceChildren(element("p", { class: "trouble", role: "alert" }, error.message, error.hint ? ` (${error.hint})` : ""));
}

// Fill all panels of a page, two at a time; a changed query aborts the pending requests.
export function panels(path, shapes) {
  let running = new AbortController(), stopped = false;
  const stop = document.getElementById("stop");
  const fill = async ([name, places], signal) => {
    const bodies = places.map((place) => place.querySelector(".body"));
    for (const body of bodies) body.setAttribute("aria-busy", "true");
    const onProgress = (done) => {
      if (stop) stop.hidden = false;
      for (const body of bodies) body.dataset.done = percent(done);
    };
    try {
      const answer = await requestWithProgress(path(name), onProgress, signal);
      for (const [index, { dataset }] of places.entries()) {
        await shapes[dataset.shape](bodies[index], dataset.part ? answer[dataset.part] : answer);
        if (!signal.aborted) bodies[index].setAttribute("aria-busy", "false");
      }
      clearQueryError();
    } catch (error) {
      if (error.column) showQueryError(error);
      for (const body of bodies) failed(body, error);
      if (stopped && signal.aborted) for (const body of bodies) body.replaceChildren(element("p", { class: "empty" }, "Stopped"));
    }
    for (const body of bodies) delete body.dataset.done;
    if (stopped || !signal.aborted) for (const body of bodies) body.setAttribute("aria-busy", "false");
  };
  stop?.addEventListener("click", () => { stopped = true; running.abort(); });
  const all = async () => {
    running.abort();
    running = new AbortController();
    stopped = false;
    document.body.dataset.ready = "no";
    const mine = running.signal, groups = new Map();
    for (const place of document.querySelectorAll("[data-panel]")) groups.set(place.dataset.panel, [...(groups.get(place.dataset.panel) || []), place]);
    const waiting = [...groups];
    const work = async () => { for (let one; (one = waiting.shift()); ) await fill(one, mine); };
    await Promise.all([work(), work()]);
    if (mine !== running.signal) return;
    if (stop) stop.hidden = true;
    document.body.dataset.ready = "yes";
  };
  document.addEventListener("query-changed", all);
  all();
}

export function showQueryError(error) {
  const place = document.getElementById("trouble"), input = document.getElementById("q");
  if (!place) return;
  place.replaceChildren(error.message, error.hint ? element("small", {}, ` ${error.hint}`) : "");
  place.hidden = false;
  if (error.column && input) {
    place.prepend(element("code", { class: "pointer", "aria-hidden": "true" }, `${" ".repeat(error.column - 1)}^`));
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "trouble");
  }
}

export function clearQueryError() {
  const place = document.getElementById("trouble");
  if (place) place.hidden = true;
  for (const name of ["aria-invalid", "aria-describedby"]) document.getElementById("q")?.removeAttribute(name);
}

// The page's frame: theme, time zone, and navigation links that keep the period.
function frame() {
  document.getElementById("theme").addEventListener("click", () => {
    const is = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = is === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    document.dispatchEvent(new CustomEvent("query-changed"));
  });
  const zone = document.getElementById("zone");
  const showZone = () => { zone.textContent = isUtc() ? "UTC" : "Local time"; };
  zone.addEventListener("click", () => {
    localStorage.setItem("zone", isUtc() ? "local" : "utc");
    showZone();
    formatTimes();
    document.dispatchEvent(new CustomEvent("query-changed"));
  });
  showZone();
  formatTimes();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("query-changed")));
  const follow = () => {
    for (const link of document.querySelectorAll("a[data-keeps-period]")) link.href = withPeriod(new URL(link.href).pathname);
  };
  follow();
  document.addEventListener("query-changed", follow);
  addEventListener("popstate", () => document.dispatchEvent(new CustomEvent("query-changed")));
}

frame();
