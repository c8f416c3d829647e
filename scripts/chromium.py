"""What pictures are taken with, and of what: Debian's `chromium` or another one that CHROMIUM names, and the demo."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from anthropic_audit.cli.demo_play import DemoWorld, play


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Start the browser, and end it."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        sys.exit("error: there is no browser\nhint: apt-get install chromium, or name one by CHROMIUM")
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*unboxed, *flags])
        try:
            yield browser
        finally:
            browser.close()


def wait_until_ready(page: Page) -> None:
    """Wait until all of a page of the console is there."""
    page.wait_for_selector("body[data-ready=yes]")
    page.wait_for_timeout(400)


def in_the_demo(shoot: Callable[[Path], None]) -> None:
    """Run the demo without its words, and do something with its archive at its end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        silent = Console(file=io.StringIO())
        play(silent, folder, DemoWorld(1, timedelta(days=30)), place="./demo-archive", then=lambda: shoot(folder))
