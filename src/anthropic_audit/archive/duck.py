"""Open DuckDB in memory, in UTC, with a bounded amount of memory, and without downloads of extensions."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from anthropic_audit.errors import ArchiveError
from anthropic_audit.memory import memory

MAX_MEMORY_BYTES: Final = 1 << 30
"""Upper bound on the memory of one DuckDB instance; its cursors share it. Larger results are written to the disk."""

MIN_MEMORY_BYTES: Final = 64 << 20

_numbers = count()
_inherited: list[duckdb.DuckDBPyConnection] = []
"""Instances that a forked process has from its parent."""


def connect() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB instance; each thread takes a cursor of it.

    It uses at most `MAX_MEMORY_BYTES`, or a quarter of what this process may use if that is less. Larger intermediate
    results are written to a folder below `TMPDIR` that only this user can read.
    """
    connection = duckdb.connect(
        config={
            "threads": 2,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": f"{memory_bytes(memory().limit) >> 20}MiB",
            "temp_directory": str(Path(_spill().name) / str(next(_numbers))),
        }
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def shared() -> duckdb.DuckDBPyConnection:
    """Return a connection to this process's own DuckDB instance, for queries that create no table and no view.

    Opening an instance takes 25 ms, as long as many small queries together; such a connection takes none.
    """
    return _instance().cursor()


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    return connect()


def _open_another() -> None:
    """Forget the instance of the parent process: its threads do not exist in a forked process.

    It is kept open: closing it would crash the forked process, which must end by `os._exit`, as multiprocessing does.
    """
    if _instance.cache_info().currsize:
        _inherited.append(_instance())
        _instance.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open_another)


def memory_bytes(limit: int) -> int:
    """Return the memory of one instance in bytes, if the process may use `limit` bytes."""
    return max(MIN_MEMORY_BYTES, min(MAX_MEMORY_BYTES, limit // 4))


@cache
def _spill() -> tempfile.TemporaryDirectory[str]:
    """Return this process's folder for results that do not fit into memory; it is deleted when the process ends."""
    return tempfile.TemporaryDirectory(prefix="anthropic-audit-", ignore_cleanup_errors=True)


def read(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
    """Run a query with values as named parameters, and return all rows of its result."""
    table: pa.Table = connection.sql(query, params=dict(parameters or {})).to_arrow_table()
    return table


@contextmanager
def translated() -> Iterator[None]:
    """Raise failures of a query as `ArchiveError`."""
    try:
        yield
    except duckdb.Error as error:
        message = f"the archive can't be searched: {' '.join(str(error).split())[:300]}"
        raise ArchiveError(message, hint="`anthropic-audit status` shows whether the archive can be read") from error
