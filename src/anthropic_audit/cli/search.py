"""`anthropic-audit search`: find events by time, fields and words; print them as table, sentences, JSON or NDJSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated

import orjson
import typer

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.clock import SystemClock
from anthropic_audit.ecs import SentenceWriter
from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.query import (
    Condition,
    Operator,
    Query,
    SearchHit,
    SearchRequest,
    check_fields,
    document_fields,
    known_fields,
    parse_condition,
    parse_kql,
    run,
)
from anthropic_audit.query.conditions import checked_name

from .configuration import load_settings
from .options import Archive, Config, Since, Until, read_span
from .output import Heading, binary_out, console, notes, print_table, printable
from .summary import SUMMARY, UNCUT

_SHOWN_IN_A_TABLE = 50

EXAMPLES = """Examples:

\b
anthropic-audit search alice --from 7d
anthropic-audit search --from 1d --format sentences
anthropic-audit search -f event.action=*_failed -f source.ip=203.0.113.0/24
anthropic-audit search -q 'event.outcome : failure and not (user.email : *@acme.example or source.ip : 10.0.0.0/8)'
anthropic-audit search -f 'http.response.status_code>=400' --format ndjson --columns @timestamp,url.path
"""


Kql = Annotated[
    str,
    typer.Option(
        "--query",
        "-q",
        metavar="KQL",
        help="Query in Kibana Query Language: 'event.action : sso_* and not user.email : *@acme.example'.",
        show_default=False,
    ),
]


Columns = Annotated[
    str | None,
    typer.Option(metavar="FIELD,FIELD", help="Fields to print instead of the summary or the whole event."),
]


class SearchFormat(StrEnum):
    """Output format of hits."""

    TABLE = "table"
    SENTENCES = "sentences"
    JSON = "json"
    NDJSON = "ndjson"


def search(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT", help="Words that occur anywhere in an event; case-insensitive.", show_default=False
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    filter: Annotated[  # noqa: A002 - the flag's name
        list[str] | None,
        typer.Option(
            "--filter",
            "-f",
            metavar="FIELD=VALUE",
            help="Condition on any field; repeatable. Operators: = != > >= < <=; `*` in a value matches anything, "
            "`FIELD=*` matches any value, addresses match networks (10.0.0.0/8).",
            show_default=False,
        ),
    ] = None,
    format: Annotated[SearchFormat, typer.Option("--format", help="Output format.")] = SearchFormat.TABLE,  # noqa: A002 - the flag's name
    query: Kql = "",
    columns: Columns = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Maximum number of events, 0 for all; the default is 50 for tables and sentences, all for JSON.",
            show_default=False,
        ),
    ] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Print the oldest events first.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Search events; all given conditions must match.

    Fields are those of the ECS document (event.action, user.email, anthropic.audit.claude_chat_id). A field with
    several values matches if any of them matches; != matches if none matches, or if the field is missing. Values are
    case-sensitive, words are not.
    """
    settings = load_settings(config, {"archive": archive}).settings
    now = SystemClock().now()
    conditions = tuple(parse_condition(one) for one in filter or [])
    shown = _columns(columns)
    catalogue = load_catalogue()
    known = known_fields(document_fields(catalogue))
    check_fields([*(one.field for one in conditions), *shown], known)
    parsed, max_hits = read_query(query, known, now), _limit(limit, format)
    request = SearchRequest(
        *read_span(since, until, now), conditions, tuple(text or []), parsed, max_hits and max_hits + 1
    )
    request = replace(request, oldest_first=oldest_first)
    printed, is_cut = _find(settings.archive, request, format, shown=shown, catalogue=catalogue)
    _print_notes(printed, conditions, catalogue, is_cut=is_cut)


def _find(
    archive: str, request: SearchRequest, written: SearchFormat, *, shown: Sequence[str], catalogue: Catalogue
) -> tuple[int, bool]:
    """Print hits; return their number, and whether there are more."""
    max_hits = None if request.limit is None else request.limit - 1
    with open_reader(archive).connect() as connection:
        hits = run(connection, request, SystemClock().now())
        if written is SearchFormat.SENTENCES:
            printed = _print_sentences(islice(hits, max_hits), SentenceWriter(catalogue))
        else:
            printed = _print(islice(hits, max_hits), written, shown)
        return printed, max_hits is not None and next(hits, None) is not None


def read_query(text: str, known: Collection[str], now: datetime) -> Query:
    """Parse a KQL query; an error message points at the position in the query.

    Raises:
        SetupError: The query is invalid.
    """
    try:
        return parse_kql(text, known, now)
    except QueryError as error:
        shown = " ".join(text.splitlines())
        message = f"{error}\n  {shown}\n  {' ' * (error.column - 1)}^"
        raise SetupError(message, hint=error.hint) from error


def _columns(text: str | None) -> list[str]:
    return [checked_name(name.strip()) for name in (text or "").split(",") if name.strip()]


def _limit(limit: int | None, format: SearchFormat) -> int | None:  # noqa: A002 - as the flag
    if limit is None:
        return _SHOWN_IN_A_TABLE if format in {SearchFormat.TABLE, SearchFormat.SENTENCES} else None
    return limit or None


def _print(hits: Iterable[SearchHit], format: SearchFormat, columns: Sequence[str]) -> int:  # noqa: A002 - as the flag
    """Print hits, and return their number."""
    if format is not SearchFormat.TABLE:
        return _print_documents(hits, columns, _FRAMES[format])
    shown = {name: _field(name) for name in columns} or SUMMARY
    rows = [[cell(hit) for cell in shown.values()] for hit in hits]
    if rows:
        print_table([Heading(title, may_be_cut=title not in UNCUT) for title in shown], rows)
    return len(rows)


def _print_sentences(hits: Iterable[SearchHit], writer: SentenceWriter) -> int:
    """Print hits as sentences, one per line, and return their number."""
    printed = 0
    for hit in hits:
        sentence = printable(writer.write(orjson.loads(hit.document)))
        console().print(f"{SUMMARY['time'](hit)}  {sentence}", markup=False, soft_wrap=True)
        printed += 1
    return printed


def _field(name: str) -> Callable[[SearchHit], object]:
    return lambda hit: hit.value(name)


_FRAMES: Mapping[SearchFormat, tuple[bytes, bytes, bytes]] = {
    SearchFormat.JSON: (b"[\n", b",\n", b"\n]\n"),
    SearchFormat.NDJSON: (b"", b"\n", b"\n"),
}
"""Bytes before, between and after documents."""


def _print_documents(hits: Iterable[SearchHit], columns: Sequence[str], frame: tuple[bytes, bytes, bytes]) -> int:
    opening, between, closing = frame
    out = binary_out()
    number = 0
    for number, document in enumerate(_documents(hits, columns), start=1):
        out.write(opening if number == 1 else between)
        out.write(document)
    if number:
        out.write(closing)
    elif opening:
        out.write(b"[]\n")
    out.flush()
    return number


def _documents(hits: Iterable[SearchHit], columns: Sequence[str]) -> Iterator[bytes]:
    for hit in hits:
        if columns:
            yield orjson.dumps({name: hit.value(name) for name in columns})
        else:
            yield hit.document.encode()


def _print_notes(printed: int, conditions: Iterable[Condition], catalogue: Catalogue, *, is_cut: bool) -> None:
    """Print on stderr that there are more hits, or why there may be none."""
    if is_cut:
        notes().print(f"there are more hits than these {printed:,}: --limit 0 shows all")
    if printed:
        return
    notes().print("no events found")
    for one in conditions:
        is_action = one.field == "event.action" and one.operator is Operator.EQUAL and one.pattern is None
        if is_action and one.value not in catalogue.types:
            near = catalogue.suggest(one.value)
            meant = f", did you mean `{near}`?" if near else ""
            notes().print(f"unknown activity type `{one.value}`{meant}", markup=False)
