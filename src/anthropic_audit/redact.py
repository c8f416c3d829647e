"""Secrets that do not print, and text that is safe to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

MASK: Final = "***"

_KEY = re.compile(r"sk-ant-([a-z]+\d{2}|[a-z]+)-[A-Za-z0-9_\-]+")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that shows itself only to the call that sends it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the secret itself; for the request header, and nothing else."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


def redact(text: str) -> str:
    """Replace every Anthropic key in a text by its prefix: `sk-ant-admin01-***`."""
    return _KEY.sub(lambda found: f"sk-ant-{found.group(1)}-{MASK}", text)


def safe_url(url: str) -> str:
    """Return a URL without its user name and password."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=f"{MASK}@{parts.netloc.rpartition('@')[2]}"))
