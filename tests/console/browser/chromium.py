"""Where the browser is, and how it is started."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)


def browser() -> str:
    """Return the browser's program, or give up."""
    named = os.environ.get("CHROMIUM", "")
    found = next(filter(None, map(shutil.which, (named, *NAMES) if named else NAMES)), None)
    return found or give_up()


def flags() -> list[str]:
    """Return what it is started with; root has no sandbox."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def give_up() -> NoReturn:
    """Skip what can't be tested here; on CI that is a failure."""
    reason = "there is no browser: apt-get install chromium, or name one by CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
