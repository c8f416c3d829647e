"""Settings of the interpreter for commands that work through millions of records."""

from __future__ import annotations

import gc

_ALLOCATIONS = 50_000
"""Activities come by thousands and hold no cycles: looking for some after every 700 costs a tenth of the time."""


def settle_in() -> None:
    """Look for cycles less often from now on."""
    gc.collect()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
