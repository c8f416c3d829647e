"""Memory limits: control groups of both versions, the process's own limit, and the machine."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from anthropic_audit.archive.duck import MAX_MEMORY_BYTES, MIN_MEMORY_BYTES, memory_bytes
from anthropic_audit.memory import Memory, memory

MB = 1 << 20
MACHINE = {"/proc/meminfo": "MemTotal:  8388608 kB\nMemFree: 1 kB\nMemAvailable:  4194304 kB\n"}
IN_A_POD = {"/proc/self/cgroup": "0::/pod/app\n"}
_ROOT = "/sys/fs/cgroup"


def memory_of(files: Mapping[str, str], address_space: int = -1) -> Memory:
    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return memory(read, address_space)


@pytest.mark.parametrize(
    ("files", "address_space", "expected"),
    [
        pytest.param(MACHINE, -1, Memory(8192 * MB, 4096 * MB), id="the machine alone"),
        pytest.param(
            MACHINE | {"/proc/self/status": "Name:\tx\nVmSize:\t 102400 kB\n"},
            500 * MB,
            Memory(500 * MB, 400 * MB),
            id="an address space",
        ),
        pytest.param(
            MACHINE
            | IN_A_POD
            | {
                f"{_ROOT}/pod/app/memory.max": f"{512 * MB}\n",
                f"{_ROOT}/pod/app/memory.current": f"{500 * MB}\n",
                f"{_ROOT}/pod/app/memory.stat": f"anon 1\ninactive_file {100 * MB}\n",
            },
            -1,
            Memory(512 * MB, 112 * MB),
            id="version 2, and what the kernel keeps of files counts as free",
        ),
        pytest.param(
            MACHINE
            | IN_A_POD
            | {
                f"{_ROOT}/pod/app/memory.max": "max\n",
                f"{_ROOT}/pod/memory.max": f"{256 * MB}\n",
                f"{_ROOT}/pod/memory.current": f"{56 * MB}\n",
            },
            -1,
            Memory(256 * MB, 200 * MB),
            id="the group around it has the limit",
        ),
        pytest.param(
            MACHINE
            | {
                "/proc/self/cgroup": "4:cpu,memory:/job\n0::/\n",
                f"{_ROOT}/memory/job/memory.limit_in_bytes": f"{128 * MB}\n",
                f"{_ROOT}/memory/job/memory.usage_in_bytes": f"{200 * MB}\n",
            },
            -1,
            Memory(128 * MB, 0),
            id="version 1, used up",
        ),
        pytest.param(
            MACHINE
            | {
                "/proc/self/cgroup": "4:memory:/\nodd\n",
                f"{_ROOT}/memory/memory.limit_in_bytes": "9223372036854771712\n",
                f"{_ROOT}/memory/memory.usage_in_bytes": "1\n",
            },
            -1,
            Memory(8192 * MB, 4096 * MB),
            id="version 1 without a limit",
        ),
        pytest.param({}, -1, Memory(2**60, 2**60), id="a system without information"),
        pytest.param({"/proc/meminfo": "MemTotal: many\n"}, -1, Memory(2**60, 2**60), id="a system of nonsense"),
    ],
)
def test_the_least_limit_counts(files: Mapping[str, str], address_space: int, expected: Memory) -> None:
    assert memory_of(files, address_space) == expected


def test_this_machine_has_memory() -> None:
    assert 0 < memory().available <= memory().limit


def test_duckdb_gets_a_quarter_within_bounds() -> None:
    assert memory_bytes(512 * MB) == 128 * MB
    assert memory_bytes(10 * MB) == MIN_MEMORY_BYTES
    assert memory_bytes(2**60) == MAX_MEMORY_BYTES
