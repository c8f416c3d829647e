"""The browser's program and options."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Browsers, the fastest first."""
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)


def browser() -> str:
    """Return the browser's program, or skip the test."""
    named = os.environ.get("CHROMIUM", "")
    found = next(filter(None, map(shutil.which, (named, *NAMES) if named else NAMES)), None)
    return found or give_up()


def flags() -> list[str]:
    """Return the browser's command-line options; root needs to disable the sandbox."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def give_up() -> NoReturn:
    """Skip the test without a browser; fail on CI."""
    reason = "there is no browser: apt-get install chromium-headless-shell, or name one by CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
