"""Repair an archive in a process that kills itself by SIGKILL at one of its changes of files.

python -m tests.archive.killed_repair FOLDER NOW CHANGE
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from tests.archive.test_repair import DERIVE, FEEDS

from anthropic_audit.archive.repair import repair

_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(folder: str, now: str, change: str) -> None:
    """Repair an archive, and kill the process before the change with this number, counted from 1."""
    left = int(change)

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        flags = arguments[2] if event == "open" else 0
        if event in _CHANGES or (isinstance(flags, int) and flags & _WRITES):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    repair(Path(folder), datetime.fromisoformat(now), DERIVE, FEEDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
