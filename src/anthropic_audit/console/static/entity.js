import { draw, element, number, panels, ranking, rows, state, time } from "./page.js";
import "./asking.js";

// Names can hold signs that markup can't: the address has them as they are, and so has JSON.
const named = location.pathname.replace("/entity/", "");
const query = JSON.parse(document.getElementById("entity").dataset.query);

function seen(body, answer) {
  if (!answer.events) return body.replaceChildren("nothing is known");
  body.replaceChildren("first seen ", time(answer.first), ", last seen ", time(answer.last), `, ${number(answer.events)} events in all`);
}

function explore() {
  const asked = new URLSearchParams(location.search);
  const { q } = state.read();
  asked.set("q", q ? `(${query}) and (${q})` : query);
  document.getElementById("to-explore").href = `/explore?${asked}`;
}

document.addEventListener("asked", explore);
explore();
panels((name) => `/api/entity/${name}/${named}`, { seen, chart: draw, ranking, rows });
