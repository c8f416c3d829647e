"""The browser that pictures are taken with: Debian's `chromium`, or another one that CHROMIUM names."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright


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
