"""Start Chromium (Debian's `chromium`, or the program that CHROMIUM names), and run the demo for screenshots."""

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
    """Open a headless browser, and close it at the end; exit with an error if none is installed."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if path is None:
        sys.exit("error: Chromium not found\nhint: run `apt-get install chromium`, or set CHROMIUM to a browser's path")
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*unboxed, *flags])
        try:
            yield browser
        finally:
            browser.close()


def wait_until_ready(page: Page) -> None:
    """Wait until a page of the console is completely loaded."""
    page.wait_for_selector("body[data-ready=yes]")
    page.wait_for_timeout(400)


def in_the_demo(shoot: Callable[[Path], None]) -> None:
    """Run the demo without output, and call `shoot` with the folder of its archive at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        silent = Console(file=io.StringIO())
        play(silent, folder, DemoWorld(1, timedelta(days=30)), place="./demo-archive", then=lambda: shoot(folder))
