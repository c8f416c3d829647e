import { RequestError, request, requestWithProgress, clearQueryError, copy, draw, element, events, failed, withPeriod, percent, ranking, refill, send, state, tags, showQueryError, time } from "./page.js";
import "./query_bar.js";

const head = document.getElementById("head"), body = document.getElementById("rows"), more = document.getElementById("more");
const end = document.getElementById("end"), count = document.getElementById("count"), chart = document.getElementById("over-time");
const fields = document.getElementById("fields"), find = document.getElementById("field-filter"), saved = document.getElementById("saved");
const remove = document.getElementById("delete"), stop = document.getElementById("stop");
const working = document.getElementById("working"), progress = document.getElementById("progress"), cancel = document.getElementById("cancel");
const SUMMARY = [["Time", "@timestamp"], ["Event", null], ["Actor", null], ["Outcome", "event.outcome"], ["Source", document.body.dataset.role === "viewer" ? null : "source.ip"]];

let known = [], searches = new Map(), following = null, running = new AbortController(), counting = new AbortController();

const columns = () => (state.read().parameters.get("columns") || "").split(",").filter(Boolean);
const sort = () => state.read().parameters.get("sort") || "-@timestamp";

// Additional columns are sortable if `/api/fields` says so.
const sortable = (field) => field !== null && (SUMMARY.some((one) => one[1] === field) || known.some((one) => one.name === field && one.is_sortable));

function heading(title, field) {
  const is = sort().replace("-", "") === field, down = sort().startsWith("-");
  const inside = !sortable(field) ? title : element("button", { type: "button", class: "link", onclick: () => state.write({ sort: is && down ? field : `-${field}` }) }, title, is ? (down ? " ↓" : " ↑") : "");
  const remove = columns().includes(field) && element("button", { type: "button", class: "quiet", "aria-label": `Remove column ${field}`, onclick: () => state.write({ columns: columns().filter((one) => one !== field).join(",") }) }, "×");
  return element("th", { scope: "col", "aria-sort": is ? (down ? "descending" : "ascending") : null }, inside, remove);
}

function row(one) {
  const cells = [
    element("td", {}, time(one.at)),
    element("td", { class: "sentence" }, element("a", { href: withPeriod(`/event/${one.seq}`) }, one.told), " ", ...tags(one).slice(0, 1), element("small", {}, ` ${one.action || ""}`)),
    element("td", {}, one.who || ""),
    element("td", {}, one.outcome ? element("span", { class: `tag ${one.outcome}` }, one.outcome) : ""),
    element("td", {}, one.source || "", one.country ? element("small", {}, ` ${one.country}`) : ""),
    ...one.cells.map((cell) => element("td", {}, cell.link ? element("a", { href: withPeriod(cell.link) }, cell.value) : shown(cell.value))),
  ];
  return element("tr", {}, ...cells);
}

const shown = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

async function load(after, signal) {
  const wasThere = document.activeElement === more;
  body.setAttribute("aria-busy", "true");
  more.disabled = true;
  try {
    const wanted = { columns: columns().join(","), sort: sort(), ...(after ? { after } : {}) };
    const found = await requestWithProgress("/api/events", () => { stop.hidden = false; }, signal, wanted);
    if (!after) body.replaceChildren();
    body.append(...found.rows.map(row));
    following = found.next;
    more.hidden = following === null;
    end.textContent = following ? "" : body.children.length ? "End of results" : "No events match. Try a longer period or fewer conditions.";
    clearQueryError();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!after) body.replaceChildren();
    more.hidden = true;
    if (error instanceof RequestError && error.column) showQueryError(error);
    failed(end, error);
  } finally {
    stop.hidden = true;
    more.disabled = false;
    if (wasThere) more.focus();
    body.setAttribute("aria-busy", "false");
  }
}

async function histogram() {
  counting.abort();
  counting = new AbortController();
  const mine = counting;
  const onProgress = (done) => {
    working.hidden = false;
    progress.textContent = percent(done);
  };
  chart.setAttribute("aria-busy", "true");
  count.textContent = "…";
  try {
    const found = await requestWithProgress("/api/over-time", onProgress, mine.signal);
    count.textContent = events(found.events);
    await draw(chart, found);
  } catch (error) {
    if (mine === counting) count.textContent = "Not counted";
    failed(chart, error);
  } finally {
    if (mine === counting) {
      working.hidden = true;
      chart.setAttribute("aria-busy", "false");
    }
  }
}

function listFields() {
  const wanted = find.value.trim().toLowerCase(), chosen = new Set(columns());
  const at = document.activeElement.closest("#fields details")?.firstChild.textContent;
  const open = new Set([...fields.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  const found = known.filter((one) => chosen.has(one.name) || (wanted ? one.name.toLowerCase().includes(wanted) : one.is_fast)).slice(0, 80);
  fields.replaceChildren(...found.map((one) => {
    const values = element("div", { class: "values" });
    const details = element("details", { open: open.has(one.name) }, element("summary", { title: one.description }, one.name), element("p", { class: "about" }, one.description),
      element("button", { type: "button", class: "quiet", onclick: () => toggle(one.name) }, chosen.has(one.name) ? "Remove column" : "Add as column"), values);
    details.addEventListener("toggle", async () => {
      if (!details.open) return;
      values.replaceChildren("…");
      try {
        ranking(values, await request("/api/values", { field: one.name }, running.signal));
      } catch (error) {
        failed(values, error);
      }
    });
    return element("li", { class: chosen.has(one.name) ? "chosen" : "" }, details);
  }));
  if (at) [...fields.querySelectorAll("summary")].find((one) => one.textContent === at)?.focus();
}

function toggle(name) {
  const now = columns();
  state.write({ columns: (now.includes(name) ? now.filter((one) => one !== name) : [...now, name]).join(",") });
}

async function all() {
  running.abort();
  running = new AbortController();
  document.body.dataset.ready = "no";
  const mine = running;
  listHeadings();
  exports();
  selectSaved();
  listFields();
  await Promise.all([load("", mine.signal), histogram()]);
  if (!mine.signal.aborted) document.body.dataset.ready = "yes";
}

function listHeadings() {
  refill(head, ...SUMMARY.map(([title, field]) => heading(title, field)), ...columns().map((name) => heading(name, name)));
}

function exports() {
  const parameters = new URLSearchParams(location.search);
  for (const link of document.querySelectorAll("[data-export]")) link.href = `/export/${link.dataset.export}?${parameters}`;
}

function listSaved(found) {
  searches = new Map(found.map((one) => [one.name, one.query]));
  saved.replaceChildren(element("option", { value: "" }, "Saved searches"), ...found.map((one) => element("option", {}, one.name)));
  selectSaved();
}

// Select the saved search that the current query equals, if any.
function selectSaved() {
  const parameters = location.search.slice(1);
  if (searches.get(saved.value) !== parameters) saved.value = [...searches.keys()].find((name) => searches.get(name) === parameters) ?? "";
  remove.hidden = !saved.value;
}

async function change(form) {
  try {
    listSaved(await send("/api/searches", form));
  } catch (error) {
    if (error.name !== "AbortError") alert(error.hint ? `${error.message} (${error.hint})` : error.message);
  }
}

more.addEventListener("click", () => load(following, running.signal));
cancel.addEventListener("click", () => counting.abort());
stop.addEventListener("click", () => {
  running.abort();
  counting.abort();
  end.textContent = "Stopped. There may be more events.";
  document.body.dataset.ready = "yes";
});
find.addEventListener("input", listFields);
saved.addEventListener("change", () => {
  if (!saved.value) return;
  const parameters = searches.get(saved.value);
  history.pushState(null, "", parameters ? `?${parameters}` : location.pathname);
  document.dispatchEvent(new CustomEvent("query-changed"));
});
document.getElementById("save").addEventListener("click", () => {
  const name = prompt("Name for this search");
  if (name) change({ do: "save", name, query: location.search.slice(1) });
});
remove.addEventListener("click", () => change({ do: "remove", name: saved.value }));
document.getElementById("share").addEventListener("click", (event) => copy(event.target, location.href));
document.addEventListener("query-changed", all);
all();
request("/api/fields").then((found) => { known = found; listHeadings(); listFields(); }).catch((error) => failed(fields, error));
request("/api/searches").then(listSaved).catch(() => {});
