"""DuckDB as we open it: in memory, in UTC, and never fetching anything from anywhere."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa


def connect() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own; threads take a cursor of it each."""
    connection = duckdb.connect(
        config={"threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def read(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
    """Ask a question, with values as named parameters, and return all rows of its answer."""
    table: pa.Table = connection.sql(query, params=dict(parameters or {})).to_arrow_table()
    return table
