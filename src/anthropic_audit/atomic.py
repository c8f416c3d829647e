"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

PRIVATE: Final = 0o600
"""The mode of a file that only its owner can read."""


@contextmanager
def atomic_file(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Yield a file to write that takes its name, in the place of one before, when all of it is on the disk.

    Whether a power failure may bring the old file back is up to the folder: see `sync`.

    Args:
        path: Its name; its folder exists.
        mode: Its permissions.

    Raises:
        OSError: It can't be written there. What was there before stays.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
