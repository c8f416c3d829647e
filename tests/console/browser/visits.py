"""Visits of the console with a real browser, and the browser's errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Route,
    ViewportSize,
    expect,
)
from tests.console.conftest import Served

WAIT_MILLISECONDS = 10_000
WIDE: ViewportSize = {"width": 1360, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
ZONE = "America/New_York"
"""The browser's time zone: five hours behind UTC in November."""
_TELL_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => {
  const { violatedDirective, blockedURI, sourceFile, sample } = event;
  console.error(`policy violated: ${violatedDirective} by ${blockedURI} in ${sourceFile} ${sample}`);
});
"""

Visit = Callable[..., Page]
"""Opens a page: `visit(served, "/explore", name="viewer", color_scheme="dark")`."""


@dataclass
class Watch:
    """Errors in a browser, and those that a test expects."""

    origins: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Answers to dialogs of pages; a dialog without an answer is an error."""
    asked: list[str] = field(default_factory=list)
    """Texts of dialogs."""

    def expect(self, *texts: str) -> None:
        """Accept errors that contain one of the texts."""
        self.expected += texts

    def unexpected(self) -> list[str]:
        return [fault for fault in self.faults if not any(text in fault for text in self.expected)]

    def over(self, context: BrowserContext) -> None:
        """Record the errors of a browser context."""
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.faults.append(f"error: {error.error}"))
        context.on("request", self._requested)
        context.on("dialog", self._spoken_to)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.faults.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _requested(self, request: Request) -> None:
        if not any(request.url.startswith(f"{origin}/") for origin in self.origins) and not _is_inside(request.url):
            self.faults.append(f"foreign request: {request.url}")

    def _spoken_to(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        if self.answers:
            dialog.accept(self.answers.pop(0))
        else:
            self.faults.append(f"dialog: {dialog.message}")
            dialog.dismiss()


def _is_inside(url: str) -> bool:
    """Return whether a URL needs no network."""
    return url.startswith(("data:", "blob:"))


def visits(browser: Browser, watch: Watch, contexts: ExitStack) -> Visit:
    """Return a function that opens pages, each in a context of its own."""

    def visit(served: Served, path: str = "/", *, name: str = "", is_inside: bool = True, **options: Any) -> Page:
        watch.origins.add(served.url)
        context = browser.new_context(
            **{"viewport": WIDE, "timezone_id": ZONE, "locale": "en-GB", "base_url": served.url, **options}
        )
        contexts.callback(context.close)
        context.set_default_timeout(WAIT_MILLISECONDS)
        watch.over(context)
        if is_inside:
            context.add_cookies(
                [{"name": n, "value": v, "url": served.url} for n, v in served.inside(name).cookies.items()]
            )
        page = context.new_page()
        page.goto(path)
        if is_inside:
            settled(page)
        return page

    return visit


def settled(page: Page) -> None:
    """Wait until a page has loaded all its data."""
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def held(page: Page, pattern: str) -> list[Route]:
    """Hold matching requests until the test continues them."""
    routes: list[Route] = []

    def hold(route: Route) -> None:
        routes.append(route)

    page.route(pattern, hold)
    return routes


def query_of(page: Page) -> dict[str, list[str]]:
    """Return the parameters of the page's URL."""
    found: dict[str, list[str]] = {}
    pairs = page.evaluate("[...new URLSearchParams(location.search)]")
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
