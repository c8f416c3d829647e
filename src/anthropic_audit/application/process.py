"""Settings of the process for commands that work through millions of records, or run for months."""

from __future__ import annotations

import gc

import pyarrow as pa

_ALLOCATIONS = 50_000
"""Activities come by thousands and hold no cycles: looking for some after every 700 costs a tenth of the time."""


def settle_in() -> None:
    """Look for cycles less often from now on, and take Arrow's memory from where it is given back.

    Arrow's own allocator keeps some 5 MB for each thread that ever stored something: a gigabyte with 200 feeds. The
    system's is as fast here (docs/reference/measurements.md).
    """
    pa.set_memory_pool(pa.system_memory_pool())
    gc.collect()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
