"""Files that a command makes: whole or not at all."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

from anthropic_audit.atomic import atomic_file
from anthropic_audit.errors import SetupError

_PRIVATE: Final = 0o077


@cache
def private_files() -> int:
    """Make every file that this process creates from now on readable by its owner only, whatever the umask.

    That holds for the libraries' files in the archive, temporary files, logs and links as well. Returns the umask
    before, which counts for files that somebody asked for by name (`write_whole`).
    """
    return os.umask(_PRIVATE)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of our own data, as a whole or not at all; its mode is what the user's umask says.

    Raises:
        SetupError: It can't be written there.
    """
    try:
        with atomic_file(path, 0o644 & ~private_files()) as file:
            file.write(content)
    except OSError as error:
        message = f"the file can't be written: {path}: {error.strerror or error}"
        raise SetupError(message, hint="name a file in a folder that this user may write") from error
