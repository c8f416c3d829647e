"""Batches of names: a test of each type as a case of its own takes longer to schedule than to run."""

from __future__ import annotations

from collections.abc import Iterable


def batches(names: Iterable[str], count: int = 4) -> list[list[str]]:
    """Split names into `count` batches of about the same size, so that workers can share them."""
    ordered = sorted(names)
    return [ordered[start::count] for start in range(count)]
