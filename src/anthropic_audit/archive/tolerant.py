"""A DuckDB connection that tolerates damaged files of the archive: it runs a query again without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

Contain = Callable[[duckdb.Error, str], bool]
"""Leave out the files that made a query fail; return True if there were any, and the query can be run again."""

_NOT_DAMAGE = (
    duckdb.InterruptException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.OutOfMemoryException,
)

Parameters = Sequence[object] | Mapping[str, object] | None


class TolerantConnection:
    """The part of a connection's interface that readers use; all other attributes are the inner connection's.

    A query that sorts or counts, as nearly all of ours do, fails before it returns its first row. A query that fails
    later is not run again: its first rows would be returned twice.
    """

    def __init__(self, inner: duckdb.DuckDBPyConnection, contain: Contain) -> None:
        self._inner = inner
        self._contain = contain
        self._last_query: tuple[str, Parameters] = ("", None)
        self._is_fetched = True

    def execute(self, query: str, parameters: Parameters = None) -> Self:
        """Run a query."""
        self._last_query, self._is_fetched = (query, parameters), False
        self._again(lambda: None)
        return self

    def fetchall(self) -> list[Any]:
        """Return all remaining rows."""
        found: list[Any] = self._fetched(self._inner.fetchall)
        return found

    def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next rows."""
        found: list[Any] = self._fetched(lambda: self._inner.fetchmany(size))
        return found

    def fetchone(self) -> Any:  # noqa: ANN401 - a row of any columns
        """Return the next row, or None."""
        return self._fetched(self._inner.fetchone)

    def sql(self, query: str, *, params: Parameters = None) -> TolerantRelation:
        """Return a query that runs when its result is fetched."""
        return TolerantRelation(self._inner, self._contain, query, params)

    def cursor(self) -> TolerantConnection:
        """Return another connection to the same views."""
        return TolerantConnection(self._inner.cursor(), self._contain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the connection
        return getattr(self._inner, name)

    def _fetched(self, fetch: Callable[[], Any]) -> Any:  # noqa: ANN401 - rows
        if self._is_fetched:
            return fetch()
        try:
            found = fetch()
        except _NOT_DAMAGE:
            raise
        except duckdb.Error as error:
            if not self._contain(error, self._last_query[0]):
                raise
            found = self._again(fetch)
        self._is_fetched = True
        return found

    def _again(self, then: Callable[[], Any]) -> Any:  # noqa: ANN401 - rows
        query, parameters = self._last_query

        def run() -> Any:  # noqa: ANN401 - rows
            self._inner.execute(query, parameters)
            return then()

        return run_without_damaged(run, self._contain, query)


class TolerantRelation:
    """A query that runs when its result is fetched."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, contain: Contain, query: str, parameters: Parameters) -> None:
        self._inner = inner
        self._contain = contain
        self._query = query
        self._parameters = parameters

    def fetchall(self) -> list[Any]:
        """Return all rows."""
        found: list[Any] = self._run(lambda relation: relation.fetchall())
        return found

    def to_arrow_table(self) -> pa.Table:
        """Return all rows as a table."""
        return self._run(lambda relation: relation.to_arrow_table())

    def to_arrow_reader(self, batch_size: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches."""

        def started(relation: duckdb.DuckDBPyRelation) -> tuple[list[pa.RecordBatch], Iterator[pa.RecordBatch]]:
            batches = iter(relation.to_arrow_reader(batch_size))
            first = next(batches, None)
            return ([] if first is None else [first]), batches

        first, rest = self._run(started)
        yield from first
        yield from rest

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a relation
        return getattr(self._inner.sql(self._query, params=self._parameters), name)

    def _run(self, run: Callable[[duckdb.DuckDBPyRelation], Any]) -> Any:  # noqa: ANN401 - as asked
        return run_without_damaged(
            lambda: run(self._inner.sql(self._query, params=self._parameters)), self._contain, self._query
        )


def run_without_damaged(run: Callable[[], Any], contain: Contain, query: str) -> Any:  # noqa: ANN401 - as asked
    """Run a query until it succeeds, leaving out damaged files after each failure; raise if none is found."""
    while True:
        try:
            return run()
        except _NOT_DAMAGE:
            raise
        except (duckdb.Error, pa.ArrowException) as error:
            if not contain(error, query):
                raise
