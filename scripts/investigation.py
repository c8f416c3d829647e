"""Carry out an investigation in the console by clicks, in the demo's world, and take a picture of each step.

    .venv/bin/python scripts/investigation.py

It leads from a new key to an export of all activities of an attacker, as in `docs/guides/investigate.md`. The demo's
world depends on the current date: on another day the attacker is another one, and the guide has to be adapted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from playwright.sync_api import Locator, Page
from scripts.chromium import chromium, in_the_demo, wait_until_ready

from anthropic_audit.clock import SystemClock
from anthropic_audit.console import open_console
from anthropic_audit.settings import ConsoleSettings, Settings

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (1280, 800)
MAX_CLICKS = 9


@dataclass
class Investigation:
    """A session at the console that uses the mouse alone."""

    page: Page
    clicks: int = 0
    pictures: int = 0

    def click(self, title: str, target: Locator) -> None:
        """Click on an element, print the click with a title, and wait for the next page."""
        target.scroll_into_view_if_needed()
        target.click()
        self.clicks += 1
        print(f"click {self.clicks}: {title}")
        self.page.wait_for_load_state()
        wait_until_ready(self.page)

    def take(self, selector: str = "", *, above: int = 90) -> None:
        """Take the next picture: of the top of the page, or from a number of pixels above an element."""
        self.page.evaluate("scrollTo(0, 0)")
        if selector:
            top = self.page.locator(selector).first.evaluate("one => one.getBoundingClientRect().top")
            self.page.evaluate(f"scrollTo(0, {top - above})")
        self.page.mouse.move(5, 5)
        self.page.wait_for_timeout(300)
        self.pictures += 1
        self.page.screenshot(path=PICTURES / f"investigation-{self.pictures}.png")


def investigate(page: Page) -> None:
    """Follow a new key to all activities of the attacker."""
    story, find = Investigation(page), page.locator
    wait_until_ready(page)
    story.take("h2.part:has-text('Sensitive changes')")
    story.click(
        "a key that reads a whole organization", find('[data-panel="sensitive"] a', has_text="access key").first
    )
    story.take()
    story.take("ol.sentences li.this", above=420)
    story.click("who did it", find('dt:has-text("user.email") + dd a'))
    story.take(".grid")
    story.click("the unusual address", find('[data-part="source.ip"] a').last)
    story.take()
    story.click("all events in Explore", find("#to-explore"))
    story.click("oldest first", find("#head button", has_text="Time"))
    story.take()
    with page.expect_download() as download:
        find("#export-csv").click()
    story.clicks += 1
    print(f"click {story.clicks}: {download.value.suggested_filename}")
    if story.clicks > MAX_CLICKS:
        sys.exit(f"error: the investigation took {story.clicks} clicks, more than {MAX_CLICKS}")


def shoot(archive: Path) -> None:
    """Open the console on an archive, and carry out the investigation."""
    settings = Settings(archive=str(archive), console=ConsoleSettings(port=0))
    with open_console(settings, SystemClock(), lambda _: None) as console, chromium() as browser:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, timezone_id="UTC")
        page.goto(console.link())
        page.evaluate("localStorage.setItem('theme', 'light'); localStorage.setItem('zone', 'utc')")
        page.reload()
        investigate(page)


if __name__ == "__main__":
    in_the_demo(shoot)
