"""Write files of a command atomically, and set the umask of the process."""

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
    """Make every file that this process creates from now on accessible to its owner only, whatever the umask was.

    This includes files that libraries write into the archive, temporary files, logs and links. Return the previous
    umask, which still applies to files that a user names (`write_whole`).
    """
    return os.umask(_PRIVATE)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of our own data atomically; its mode follows the user's umask.

    Raises:
        SetupError: The file can't be written.
    """
    try:
        with atomic_file(path, 0o644 & ~private_files()) as file:
            file.write(content)
    except OSError as error:
        message = f"the file can't be written: {path}: {error.strerror or error}"
        raise SetupError(message, hint="name a file in a folder that this user may write") from error
