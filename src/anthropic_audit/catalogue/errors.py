"""The error for malformed entries in the catalogue's files."""

from __future__ import annotations


class NotationError(ValueError):
    """An entry is malformed; the message says why."""
