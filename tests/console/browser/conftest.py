"""Fixtures: one browser per test process, one context per test, and a check for unexpected browser errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.console.browser.chromium import browser, flags
from tests.console.browser.visits import WAIT_MILLISECONDS, Visit, Watch, visits


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser, started once."""
    expect.set_options(timeout=WAIT_MILLISECONDS)
    program = browser()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=flags())
        yield started
        started.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Browser errors; a test fails on unexpected ones."""
    watching = Watch()
    yield watching
    assert watching.unexpected() == []


@pytest.fixture
def visit(chromium: Browser, watch: Watch) -> Iterator[Visit]:
    """Opens pages of a console in the browser."""
    with ExitStack() as contexts:
        yield visits(chromium, watch, contexts)
