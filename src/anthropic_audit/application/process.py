"""Settings of the process for commands that work through millions of records, or run for months."""

from __future__ import annotations

import gc
from typing import Final

import pyarrow as pa

_ALLOCATIONS: Final = 50_000
"""Container allocations between two garbage collections.

Activities come by thousands and hold no cycles; the default of 700 costs a tenth of the time.
"""


def settle_in() -> None:
    """Collect garbage less often from now on, and allocate Arrow's memory with the system's allocator.

    Arrow's own allocator keeps some 5 MB for each thread that ever allocated: a gigabyte with 200 feeds. The system's
    allocator is as fast here (docs/reference/measurements.md).
    """
    pa.set_memory_pool(pa.system_memory_pool())
    gc.collect()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
