"""How much memory this process may still take: by its control group, its own limit, and what the machine has."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

Read = Callable[[str], str]
"""Returns the text of a file by its absolute path, or raises `OSError`."""

_CGROUPS: Final = PurePosixPath("/sys/fs/cgroup")
_UNLIMITED: Final = 2**60
"""Limits above this mean none; version 1 of control groups writes a number close to 2^63."""
_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """How much memory a process may use, in bytes."""

    limit: int
    """The least of all limits: the control group's, the process's own, the machine's memory."""
    available: int
    """How much can still be taken before one of them is reached."""


def memory(read: Read | None = None, address_space: int | None = None) -> Memory:
    """Return the limits of this process as they are now.

    Args:
        read: Reads a file; by default from the file system.
        address_space: The limit of the process's address space (`RLIMIT_AS`), or None to ask the system.

    What can't be read (on macOS there is no `/proc`) is no limit.
    """
    read = read or _text
    own = _address_space() if address_space is None else address_space
    found = [*_machine(read), *_own(read, own), *_control_groups(read)]
    limits = [limit for limit, _ in found] or [_UNLIMITED]
    free = [max(0, available) for _, available in found] or [_UNLIMITED]
    return Memory(min(limits), min(free))


def _machine(read: Read) -> Iterator[tuple[int, int]]:
    with suppress(OSError, ValueError, KeyError):
        told = _fields(read("/proc/meminfo"))
        yield told["MemTotal"] * _KB, told["MemAvailable"] * _KB


def _own(read: Read, limit: int) -> Iterator[tuple[int, int]]:
    """Yield the limit of the address space, if there is one."""
    if not 0 <= limit < _UNLIMITED:
        return
    with suppress(OSError, ValueError, KeyError):
        yield limit, limit - _fields(read("/proc/self/status"))["VmSize"] * _KB


def _control_groups(read: Read) -> Iterator[tuple[int, int]]:
    """Yield the limits of the control groups that the process is in, of version 2 or 1, and of those around them."""
    with suppress(OSError):
        for line in read("/proc/self/cgroup").splitlines():
            number, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if number == "0":
                yield from _levels(read, _CGROUPS, path, ("memory.max", "memory.current", "inactive_file"))
            elif "memory" in controllers.split(","):
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
                yield from _levels(read, _CGROUPS / "memory", path, names)


def _levels(read: Read, root: PurePosixPath, path: str, names: tuple[str, str, str]) -> Iterator[tuple[int, int]]:
    """Yield the limit of each level; what the kernel keeps of files that nobody uses counts as available."""
    limit_file, usage_file, inactive = names
    place = PurePosixPath(root, *PurePosixPath(path).parts[1:])
    for folder in (place, *place.parents):
        if not folder.is_relative_to(root):
            return
        with suppress(OSError, ValueError):
            limit = int(read(str(folder / limit_file)))
            if limit < _UNLIMITED:
                used = int(read(str(folder / usage_file)))
                yield limit, limit - used + _given_back(read, folder, inactive)


def _given_back(read: Read, folder: PurePosixPath, name: str) -> int:
    with suppress(OSError, ValueError):
        return _fields(read(str(folder / "memory.stat"))).get(name, 0)
    return 0


def _fields(text: str) -> dict[str, int]:
    """Return the numbers of a file with a name and a number on each line."""
    found = {}
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        if len(words) > 1 and words[1].isdigit():
            found[words[0]] = int(words[1])
    return found


def _address_space() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return -1 if soft == resource.RLIM_INFINITY else soft


def _text(path: str) -> str:
    return Path(path).read_text("utf-8", errors="replace")
