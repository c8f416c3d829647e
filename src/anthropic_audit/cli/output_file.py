"""Open the output of a command: stdout, or a file that is written atomically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from anthropic_audit.atomic import atomic_file
from anthropic_audit.errors import SetupError

from .output import binary_out


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """Open stdout, or a file that only its owner can read and that is written atomically.

    Raises:
        SetupError: The file can't be written.
    """
    if path is None:
        yield binary_out()
        binary_out().flush()
        return
    try:
        with atomic_file(path) as file:
            yield file
    except OSError as error:
        message = f"the file can't be written: {path}: {error.strerror or error}"
        raise SetupError(
            message, hint="name a file in a folder that this user may write, on a disk with space"
        ) from error
