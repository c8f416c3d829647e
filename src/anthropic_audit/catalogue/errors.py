"""What is raised where the catalogue's files are not written as they should be."""

from __future__ import annotations


class NotationError(ValueError):
    """Something can't be read; the message says why."""
