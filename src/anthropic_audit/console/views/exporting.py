"""Exports of all events that Explore lists, with the same columns, as CSV, NDJSON or Parquet."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import anyio
import anyio.to_thread
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.concurrency import iterate_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from anthropic_audit.console.context import PageRequest, context_of, page_request_of, session_of
from anthropic_audit.console.snapshots import ReaderTicket
from anthropic_audit.documents import value_at
from anthropic_audit.errors import AuditError
from anthropic_audit.query import SearchHit, SortOrder
from anthropic_audit.query.paging import in_order

from .explore import columns_of, order_of
from .rows import row

_CHUNK: Final = 1 << 20
_GROUP_CHARS: Final = 8 << 20
_GROUP_ROWS: Final = 10_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet evaluates a text that begins with one of these as a formula; the last four are full-width forms."""
_SUMMARY: Final = ("@timestamp", "told", "event.action", "who", "event.outcome", "source.ip")
"""Columns that Explore shows for every event."""

Some = Sequence[Mapping[str, Any]]
"""Rows as values by column."""


async def export(request: Request) -> Response:
    """Stream all matching events as a file."""
    write = _WRITERS.get(request.path_params["format"])
    if write is None:
        raise HTTPException(404)
    page_request, context = page_request_of(request), context_of(request)
    columns, order = columns_of(request, context), order_of(request, page_request.viewer.masking)
    ticket = ReaderTicket()
    name = (
        f"events-{page_request.period.since:%Y%m%d}-{page_request.period.until:%Y%m%d}.{request.path_params['format']}"
    )
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    rows = _rows(page_request, ticket, order, columns)
    kind, parts = write(rows, list(dict.fromkeys([*_SUMMARY, *columns])))
    turn = context.exports.turn(session_of(request).label)
    return _Export(parts, ticket, turn, media_type=kind, headers=headers)


class _Export(StreamingResponse):
    """A response that waits for an export slot, holds it while it is sent, and ends when the client disconnects.

    The connection closes if a client accepts less than a part (about a megabyte) in two minutes.
    """

    def __init__(
        self,
        parts: Generator[bytes],
        ticket: ReaderTicket,
        turn: AbstractAsyncContextManager[None],
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(_in_threads(parts, ticket), media_type=media_type, headers=headers)
        self._ticket = ticket
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for a free export slot, then send the file; stop when the client disconnects.

        Raises:
            ConsoleBusyError: No slot is available; nothing was sent.
            ArchiveError: The archive can't be read.
        """
        failed: list[AuditError] = []
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                self._ticket.cancel()
                group.cancel_scope.cancel()

            group.start_soon(watch)
            try:
                async with self._turn:
                    await self.stream_response(send)
            except AuditError as error:
                failed.append(error)
            group.cancel_scope.cancel()
        if failed and not self._ticket.is_cancelled:
            raise failed[0]


async def _in_threads(parts: Generator[bytes], ticket: ReaderTicket) -> AsyncIterator[bytes]:
    """Yield parts that are made in a thread; close the generator that reads the archive in any case."""
    try:
        async for part in iterate_in_threadpool(parts):
            yield part
    finally:
        ticket.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(parts.close)


def _rows(page_request: PageRequest, ticket: ReaderTicket, order: SortOrder, columns: Sequence[str]) -> Iterator[Some]:
    with page_request.viewer.context.snapshots.cursor(ticket) as cursor:
        for hits in in_order(cursor, page_request.search_request, page_request.now, order):
            yield [_row(page_request, hit, columns) for hit in hits]


def _row(page_request: PageRequest, hit: SearchHit, columns: Sequence[str]) -> Mapping[str, Any]:
    shown = row(page_request.viewer, hit)
    document = page_request.viewer.masking.document(hit.fields)
    summary = (shown["at"], shown["told"], shown["action"], shown["who"], shown["outcome"], shown["source"])
    return {**dict(zip(_SUMMARY, summary, strict=True)), **{name: value_at(document, name) for name in columns}}


def _csv(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Generator[bytes]]:
    def parts() -> Generator[bytes]:
        yield _line(columns)
        for some in rows:
            yield b"".join(_line([_cell(one[name]) for name in columns]) for one in some)

    return "text/csv; charset=utf-8", parts()


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode(errors="replace")


def _cell(value: object) -> str:
    """Return a value as text that a spreadsheet does not evaluate as a formula."""
    text = _text(value) or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _ndjson(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Generator[bytes]]:
    del columns
    return "application/x-ndjson", (b"".join(orjson.dumps(one) + b"\n" for one in some) for some in rows)


def _parquet(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Generator[bytes]]:
    """Write a temporary file first, since Parquet's metadata is at its end; all columns are strings."""
    schema = pa.schema([pa.field(name, pa.string()) for name in columns])

    def parts() -> Generator[bytes]:
        with tempfile.TemporaryFile() as file:
            with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                for group in _row_groups(rows, columns):
                    writer.write_table(pa.Table.from_pylist(group, schema))
            file.seek(0)
            while chunk := file.read(_CHUNK):
                yield chunk

    return "application/vnd.apache.parquet", parts()


def _row_groups(rows: Iterator[Some], columns: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
    """Yield rows as strings in groups of some megabytes: many small row groups would need a large index in memory."""
    group: list[dict[str, str | None]] = []
    chars = 0
    for some in rows:
        texts = [{name: _text(one[name]) for name in columns} for one in some]
        group += texts
        chars += sum(len(text or "") for one in texts for text in one.values())
        if chars >= _GROUP_CHARS or len(group) >= _GROUP_ROWS:
            yield group
            group, chars = [], 0
    if group:
        yield group


_WRITERS: Final[Mapping[str, Callable[[Iterator[Some], Sequence[str]], tuple[str, Generator[bytes]]]]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "parquet": _parquet,
}
"""Writers of the export formats, by file name extension."""
