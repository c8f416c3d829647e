"""Write files atomically: the new file replaces the old one when it is complete, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

PRIVATE: Final = 0o600
"""Mode of a file that only its owner can read and write."""


@contextmanager
def atomic_file(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Open a temporary file for writing; at the end, flush it to disk and rename it to `path`, replacing an older file.

    After a power failure the old file may be back, unless the folder is synced as well: see `sync`.

    Args:
        path: Name of the finished file; its folder must exist.
        mode: Permissions of the finished file.

    Raises:
        OSError: The file can't be written; a file that was at `path` before is unchanged.
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
    """Flush the content of files, or the directory entries of folders, to disk (`fsync`).

    Raises:
        OSError: A path does not exist, or the disk reports an error.
    """
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
