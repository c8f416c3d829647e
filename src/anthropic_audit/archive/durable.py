"""Have files and the names of files on the disk before going on."""

from __future__ import annotations

import os
from pathlib import Path


def sync(*paths: Path) -> None:
    """Write what files hold, or which names folders have, through to the disk.

    Raises:
        OSError: One of them is gone, or the disk refuses.
    """
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
