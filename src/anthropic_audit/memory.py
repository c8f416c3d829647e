"""Read how much memory this process can still allocate: by its control groups, its own limit, and the machine."""

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
"""A limit above this value means no limit; version 1 of control groups writes a number close to 2^63."""
_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory limits of a process, in bytes."""

    limit: int
    """The smallest limit: the control group's, the process's own, or the machine's memory."""
    available: int
    """Bytes that can still be allocated before one of the limits is reached."""


def memory(read: Read | None = None, address_space: int | None = None) -> Memory:
    """Return the current memory limits of this process.

    Args:
        read: Returns the text of a file; by default from the file system.
        address_space: Limit of the process's address space (`RLIMIT_AS`) in bytes, or None to read it from the system.

    A source that can't be read (macOS has no `/proc`) sets no limit.
    """
    read = read or _text
    own = _address_space() if address_space is None else address_space
    found = [*_machine(read), *_own(read, own), *_control_groups(read)]
    limits = [limit for limit, _ in found] or [_UNLIMITED]
    free = [max(0, available) for _, available in found] or [_UNLIMITED]
    return Memory(min(limits), min(free))


def _machine(read: Read) -> Iterator[tuple[int, int]]:
    with suppress(OSError, ValueError, KeyError):
        numbers = _fields(read("/proc/meminfo"))
        yield numbers["MemTotal"] * _KB, numbers["MemAvailable"] * _KB


def _own(read: Read, limit: int) -> Iterator[tuple[int, int]]:
    """Yield limit and available bytes of the address space, if it is limited."""
    if not 0 <= limit < _UNLIMITED:
        return
    with suppress(OSError, ValueError, KeyError):
        yield limit, limit - _fields(read("/proc/self/status"))["VmSize"] * _KB


def _control_groups(read: Read) -> Iterator[tuple[int, int]]:
    """Yield limit and available bytes of the process's control groups, of version 2 or 1, and of their parents."""
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
    """Yield limit and available bytes of each level; the kernel's cache of inactive files counts as available."""
    limit_file, usage_file, inactive = names
    innermost = PurePosixPath(root, *PurePosixPath(path).parts[1:])
    for folder in (innermost, *innermost.parents):
        if not folder.is_relative_to(root):
            return
        with suppress(OSError, ValueError):
            limit = int(read(str(folder / limit_file)))
            if limit < _UNLIMITED:
                used = int(read(str(folder / usage_file)))
                yield limit, limit - used + _reclaimable(read, folder, inactive)


def _reclaimable(read: Read, folder: PurePosixPath, name: str) -> int:
    with suppress(OSError, ValueError):
        return _fields(read(str(folder / "memory.stat"))).get(name, 0)
    return 0


def _fields(text: str) -> dict[str, int]:
    """Return the numbers by name of a text with a name and a number on each line."""
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
