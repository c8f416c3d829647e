"""Cross-site scripting in every field and every parameter, on every page, in real Chromium."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from playwright.sync_api import Dialog, Error, Page
from scripts.chromium import chromium
from tests.console.archives import EVIL, IMAGE, SCRIPT
from tests.console.conftest import PASSWORD, Served

from .target import Attack, Grounds, Try, attack

MONTH = "from=now-30d"
COLUMNS = "user.email,user_agent.original,source.ip,organization.id,anthropic.audit.mcp_server_name"
WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
SAVE = """
(name) => fetch("/api/searches", {
  method: "POST",
  headers: { "x-csrf-token": document.body.dataset.csrf },
  body: new URLSearchParams({ name, query: `q=${name}` }),
})
"""


@dataclass
class Watch:
    """The forbidden effects in a page: dialogs, errors, foreign requests, policy violations, executed scripts."""

    page: Page
    url: str
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)
        self.page.on("dialog", self._dismiss)
        self.page.on("pageerror", lambda error: self.found.append(f"error {error}"))
        self.page.on("request", lambda request: self._see(request.url))

    def _dismiss(self, dialog: Dialog) -> None:
        self.found.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _see(self, url: str) -> None:
        if not url.startswith((f"{self.url}/", "data:", "blob:")):
            self.found.append(f"foreign request {url[:80]}")

    def ran(self) -> Sequence[str]:
        """Return the forbidden effects since the last call, and reset them."""
        if self.page.evaluate("window.__pwned") is not None:
            self.found.append("script ran")
        self.found += [f"violation {one}" for one in self.page.evaluate("window.__violations")]
        effects, self.found = self.found, []
        return effects


def scripts(grounds: Grounds) -> Iterator[Attack]:
    """Open every page with scripts in every field and every parameter."""
    served, with_users = grounds.serve(), grounds.serve(has_users=True)
    with chromium() as browser:
        watch = Watch(browser.new_page(), served.url)
        watch.page.goto(served.console.link())
        yield attack("overview, Explore with all fields, feed health", _visits(watch, served))
        yield attack("pages of events of attackers", _events(watch, served))
        yield attack("pages of entities of attackers: users, servers, agents", _entities(watch, served))
        yield attack("scripts in parameters, queries, completions, names of searches", _said(watch, served))
        viewer = Watch(browser.new_page(), with_users.url)
        viewer.page.goto(f"{with_users.url}/login")
        viewer.page.fill("input[name=name]", "viewer")
        viewer.page.fill("input[name=password]", PASSWORD)
        viewer.page.click("main button[type=submit]")
        yield attack("the same pages, as a viewer", _visits(viewer, with_users))


def _look(watch: Watch, url: str) -> Try:
    """Open a page, wait until it is loaded, and return whether no script ran."""
    try:
        watch.page.goto(url)
        watch.page.wait_for_selector("body[data-ready=yes], .login, pre", timeout=8_000)
    except Error as error:
        return Try(url, "not opened", "ERR_" in str(error))
    return _verdict(watch, url)


def _verdict(watch: Watch, url: str) -> Try:
    ran = watch.ran()
    return Try(f"{url} {ran}", "no script ran", not ran)


def _visits(watch: Watch, served: Served) -> Iterator[Try]:
    columns = "" if watch.page.locator("[data-role=viewer]").count() else COLUMNS
    for path in (
        f"/?{MONTH}",
        f"/explore?{MONTH}&columns={columns}",
        "/feeds",
        f"/?{MONTH}&filter=event.outcome : failure",
    ):
        yield _look(watch, f"{served.url}{path}")
    watch.page.goto(f"{served.url}/explore?{MONTH}")
    watch.page.wait_for_selector("body[data-ready=yes]")
    for place in range(min(25, watch.page.locator("#fields summary").count())):
        watch.page.locator("#fields summary").nth(place).click()
    watch.page.wait_for_timeout(1_000)
    yield _verdict(watch, "all fields opened")


def _events(watch: Watch, served: Served) -> Iterator[Try]:
    asked = {"q": "user.email : *evil.example", "from": "1960-01-01"}
    rows = served.inside().get("/api/events", params=asked).json()["rows"]
    for one in rows[::3]:
        yield _look(watch, f"{served.url}/event/{one['seq']}")


def _entities(watch: Watch, served: Served) -> Iterator[Try]:
    for evil in (SCRIPT, IMAGE, *EVIL[5:]):
        for kind in ("server", "agent"):
            yield _look(watch, f"{served.url}/entity/{kind}/{quote(evil, safe='')}?{MONTH}")
        yield _look(watch, f"{served.url}/entity/user/{quote(f'{evil}@evil.example', safe='')}?{MONTH}")


def _said(watch: Watch, served: Served) -> Iterator[Try]:
    for evil in (f"</script>{SCRIPT}", IMAGE, "'-alert(1)-'"):
        text = quote(evil, safe="")
        for path in (
            f"/explore?q={text}",
            f"/explore?filter={text}&columns={text}&sort={text}&from={text}",
            f"/?q={text}",
            f"/{text}",
            f"/enter?token={text}",
            f"/event/{text}",
            f"/entity/{text}/x",
            f"/api/events?q={text}",
            f"/export/csv?from={text}",
        ):
            yield _look(watch, f"{served.url}{path}")
    yield from _typed(watch, served)


def _typed(watch: Watch, served: Served) -> Iterator[Try]:
    page = watch.page
    page.goto(f"{served.url}/explore?{MONTH}")
    page.wait_for_selector("body[data-ready=yes]")
    for text in ("user.email : ", "anthropic.audit.mcp_server_name : <", 'user_agent.original : "'):
        page.fill("#q", text)
        page.wait_for_timeout(500)
    yield _verdict(watch, "completions")
    for evil in (SCRIPT, IMAGE):
        page.evaluate(SAVE, evil)
    for path in (f"/explore?{MONTH}", f"/explore?q={quote(SCRIPT)}"):
        yield _look(watch, f"{served.url}{path}")
    page.select_option("#saved", index=1)
    page.wait_for_timeout(700)
    yield _verdict(watch, "a saved search, chosen")
