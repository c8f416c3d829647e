"""Take the documentation's screenshots of the console, in the demo's world, in light and dark.

    .venv/bin/python scripts/screenshots.py

Requires Debian's `chromium`, or a browser that CHROMIUM names.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from playwright.sync_api import Page
from scripts.chromium import chromium, in_the_demo, wait_until_ready

from anthropic_audit.archive import open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.console import open_console
from anthropic_audit.query import SearchRequest, parse_condition, run
from anthropic_audit.settings import ConsoleSettings, Settings

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (1360, 900)
NARROW = (390, 844)
THEMES = ("light", "dark")


def paths(archive: Path) -> dict[str, str]:
    """Return the paths of the pages, by the names of their pictures."""
    now = datetime.now(UTC)
    wanted = tuple(
        map(parse_condition, ("anthropic.audit.sensitivity=critical", "anthropic.audit.changes=*", "user.email=*"))
    )
    with open_reader(str(archive)).connect() as connection:
        hit = next(run(connection, SearchRequest(conditions=wanted, limit=1), now))
    return {
        "overview": "/",
        "explore": "/explore?q=event.outcome+:+failure+and+not+event.category+:+web",
        "event": f"/event/{hit.seq}",
        "entity": f"/entity/user/{hit.value('user.email')}",
        "feeds": "/feeds",
    }


def shoot(archive: Path) -> None:
    """Take a picture of each page in each theme."""
    settings = Settings(archive=str(archive), console=ConsoleSettings(port=0))
    with open_console(settings, SystemClock(), lambda _: None) as console, chromium() as browser:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(console.link())
        for theme in THEMES:
            page.evaluate(f"localStorage.setItem('theme', '{theme}'); localStorage.setItem('zone', 'utc')")
            for name, path in paths(archive).items():
                take(page, f"{console.url}{path}", PICTURES / f"console-{name}-{theme}.png")
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        take(page, f"{console.url}/", PICTURES / "console-overview-narrow.png")


def take(page: Page, url: str, picture: Path) -> None:
    """Take one picture of a completely loaded page."""
    page.goto(url)
    wait_until_ready(page)
    page.screenshot(path=picture)
    print(f"wrote {picture.name}")


if __name__ == "__main__":
    in_the_demo(shoot)
