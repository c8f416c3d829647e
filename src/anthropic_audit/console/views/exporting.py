"""Export: exactly what Explore shows, all pages of it, as CSV, NDJSON or Parquet."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from anthropic_audit.console.library import Ticket
from anthropic_audit.console.place import Wish, place_of, wish_of
from anthropic_audit.search import Hit, Order
from anthropic_audit.search.paging import in_order

from .explore import columns_of, order_of
from .rows import at, row

_CHUNK: Final = 1 << 20
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With one of these at its start, a spreadsheet takes a text for a formula; the last four are their wide forms."""
_SUMMARY: Final = ("@timestamp", "told", "event.action", "who", "event.outcome", "source.ip")
"""What Explore shows of an event besides chosen fields."""

Some = Sequence[Mapping[str, Any]]
"""Some rows: values by column."""


async def export(request: Request) -> Response:
    """Send everything that fits, as it is found."""
    write = _WRITERS.get(request.path_params["format"])
    if write is None:
        raise HTTPException(404)
    wish, place = wish_of(request), place_of(request)
    columns, order = columns_of(request, place), order_of(request, wish.viewer.lens)
    ticket = Ticket()
    name = f"events-{wish.period.since:%Y%m%d}-{wish.period.until:%Y%m%d}.{request.path_params['format']}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    rows = _rows(wish, ticket, order, columns)
    kind, parts = write(rows, list(dict.fromkeys([*_SUMMARY, *columns])))
    return StreamingResponse(_ending(parts, ticket), media_type=kind, headers=headers)


def _ending(parts: Iterator[bytes], ticket: Ticket) -> Iterator[bytes]:
    """Pass everything on; when nobody listens any more, the question ends."""
    try:
        yield from parts
    finally:
        ticket.cancel()


def _rows(wish: Wish, ticket: Ticket, order: Order, columns: Sequence[str]) -> Iterator[Some]:
    with wish.viewer.place.library.cursor(ticket) as cursor:
        for hits in in_order(cursor, wish.question, wish.now, order):
            yield [_row(wish, hit, columns) for hit in hits]


def _row(wish: Wish, hit: Hit, columns: Sequence[str]) -> Mapping[str, Any]:
    shown = row(wish.viewer, hit)
    document = wish.viewer.lens.document(hit.fields)
    summary = (shown["at"], shown["told"], shown["action"], shown["who"], shown["outcome"], shown["source"])
    return {**dict(zip(_SUMMARY, summary, strict=True)), **{name: at(document, name) for name in columns}}


def _csv(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield _line(columns)
        for some in rows:
            yield b"".join(_line([_cell(one[name]) for name in columns]) for one in some)

    return "text/csv; charset=utf-8", parts()


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode(errors="replace")


def _cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet computes."""
    text = _text(value) or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _ndjson(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Iterator[bytes]]:
    del columns
    return "application/x-ndjson", (b"".join(orjson.dumps(one) + b"\n" for one in some) for some in rows)


def _parquet(rows: Iterator[Some], columns: Sequence[str]) -> tuple[str, Iterator[bytes]]:
    """Write a file first, as its end says what is in it; all columns are texts."""
    schema = pa.schema([pa.field(name, pa.string()) for name in columns])

    def parts() -> Iterator[bytes]:
        with tempfile.TemporaryFile() as file:
            with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                for some in rows:
                    texts = [{name: _text(one[name]) for name in columns} for one in some]
                    writer.write_table(pa.Table.from_pylist(texts, schema))
            file.seek(0)
            while chunk := file.read(_CHUNK):
                yield chunk

    return "application/vnd.apache.parquet", parts()


_WRITERS: Final[Mapping[str, Callable[[Iterator[Some], Sequence[str]], tuple[str, Iterator[bytes]]]]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "parquet": _parquet,
}
"""What can be exported, by the ending of its name."""
