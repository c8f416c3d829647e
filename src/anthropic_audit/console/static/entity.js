import { draw, element, events, panels, ranking, rows, state, time } from "./page.js";
import "./query_bar.js";

// Names can hold characters that HTML can't represent; the URL and JSON carry them unchanged.
const named = location.pathname.replace("/entity/", "");
const query = JSON.parse(document.getElementById("entity").dataset.query);

function seen(body, answer) {
  if (!answer.events) return body.replaceChildren("No events recorded");
  body.replaceChildren("First seen ", time(answer.first), ", last seen ", time(answer.last), `, ${events(answer.events)} in total`);
}

function explore() {
  const parameters = new URLSearchParams(location.search);
  const { q } = state.read();
  parameters.set("q", q ? `(${query}) and (${q})` : query);
  document.getElementById("to-explore").href = `/explore?${parameters}`;
}

document.addEventListener("query-changed", explore);
explore();
panels((name) => `/api/entity/${name}/${named}`, { seen, chart: draw, ranking, rows });
