"""Where a command's bytes go: to stdout, or into a file that is there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from anthropic_audit.errors import SetupError

from .output import binary_out


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """Give stdout, or a file that takes its name only when all of it is on the disk.

    Raises:
        SetupError: The file can't be written there.
    """
    if path is None:
        yield binary_out()
        binary_out().flush()
        return
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                yield cast("BinaryIO", file)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        message = f"the file can't be written: {path}: {error.strerror or error}"
        raise SetupError(
            message, hint="name a file in a folder that this user may write, on a disk with space"
        ) from error
