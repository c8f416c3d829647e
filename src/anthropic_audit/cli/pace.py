"""Settings of the interpreter for commands that work through millions of records."""

from __future__ import annotations

import gc

_ALLOCATIONS = 50_000
"""Activities come by thousands and hold no cycles: looking for some after every 700 costs a tenth of the time."""


def settle_in() -> None:
    """Take what is loaded now as staying, and look for garbage in what comes later less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
