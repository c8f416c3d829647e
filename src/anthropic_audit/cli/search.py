"""`anthropic-audit search`: events by time, fields and words; as a table, in sentences, as JSON or NDJSON."""

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
from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.normalize import Teller
from anthropic_audit.search import (
    Condition,
    Hit,
    Operator,
    Query,
    Question,
    check_fields,
    document_fields,
    known_fields,
    parse_condition,
    parse_kql,
    run,
)
from anthropic_audit.search.conditions import checked_name

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
        help="A query in the Kibana query language: 'event.action : sso_* and not user.email : *@acme.example'.",
        show_default=False,
    ),
]


class Format(StrEnum):
    """How hits are printed."""

    TABLE = "table"
    SENTENCES = "sentences"
    JSON = "json"
    NDJSON = "ndjson"


def search(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT", help="Words that occur, in any case, somewhere in an event.", show_default=False
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
            help="A condition on any field; repeat it. Operators: = != > >= < <=; `*` in a value stands for anything, "
            "`FIELD=*` asks whether there is one, addresses fit networks (10.0.0.0/8).",
            show_default=False,
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print what is found.")] = Format.TABLE,  # noqa: A002 - the flag's name
    query: Kql = "",
    columns: Annotated[
        str | None,
        typer.Option(metavar="FIELD,FIELD", help="Fields to show instead of the summary or the whole event."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Most events to show, 0 for all; a table and sentences show 50 unless told, JSON all.",
            show_default=False,
        ),
    ] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Oldest first, instead of newest.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Search events; all given conditions must match.

    Fields are those of the ECS document (event.action, user.email, anthropic.audit.claude_chat_id). A field with
    several values fits when any of them does; != fits when none does, and when the field is missing. Values are
    compared in their case, words are not.
    """
    settings = load_settings(config, {"archive": archive}).settings
    now = SystemClock().now()
    conditions = tuple(parse_condition(one) for one in filter or [])
    shown = _columns(columns)
    catalogue = load_catalogue()
    known = known_fields(document_fields(catalogue))
    check_fields([*(one.field for one in conditions), *shown], known)
    most = _most(limit, format)
    question = Question(
        *read_span(since, until, now), conditions, tuple(text or []), read_query(query, known, now), most and most + 1
    )
    question = replace(question, oldest_first=oldest_first)
    printed, is_cut = _find(settings.archive, question, format, shown=shown, catalogue=catalogue)
    _tell(printed, conditions, catalogue, is_cut=is_cut)


def _find(
    archive: str, question: Question, written: Format, *, shown: Sequence[str], catalogue: Catalogue
) -> tuple[int, bool]:
    """Print what is found, and return how many that is, and whether there are more."""
    most = None if question.limit is None else question.limit - 1
    with open_reader(archive).connect() as connection:
        hits = run(connection, question, SystemClock().now())
        if written is Format.SENTENCES:
            printed = _print_sentences(islice(hits, most), Teller(catalogue))
        else:
            printed = _print(islice(hits, most), written, shown)
        return printed, most is not None and next(hits, None) is not None


def read_query(text: str, known: Collection[str], now: datetime) -> Query:
    """Read a query; what is wrong with it is pointed at.

    Raises:
        SetupError: It can't be read.
    """
    try:
        return parse_kql(text, known, now)
    except QueryError as error:
        shown = " ".join(text.splitlines())
        message = f"{error}\n  {shown}\n  {' ' * (error.column - 1)}^"
        raise SetupError(message, hint=error.hint) from error


def _columns(text: str | None) -> list[str]:
    return [checked_name(name.strip()) for name in (text or "").split(",") if name.strip()]


def _most(limit: int | None, format: Format) -> int | None:  # noqa: A002 - as the flag
    if limit is None:
        return _SHOWN_IN_A_TABLE if format in {Format.TABLE, Format.SENTENCES} else None
    return limit or None


def _print(hits: Iterable[Hit], format: Format, columns: Sequence[str]) -> int:  # noqa: A002 - as the flag
    """Print hits and return how many there were."""
    if format is not Format.TABLE:
        return _print_documents(hits, columns, _FRAMES[format])
    shown = {name: _field(name) for name in columns} or SUMMARY
    rows = [[cell(hit) for cell in shown.values()] for hit in hits]
    if rows:
        print_table([Heading(title, may_be_cut=title not in UNCUT) for title in shown], rows)
    return len(rows)


def _print_sentences(hits: Iterable[Hit], teller: Teller) -> int:
    """Print hits in plain words, one a line, and return how many there were."""
    printed = 0
    for hit in hits:
        told = printable(teller.tell(orjson.loads(hit.document)))
        console().print(f"{SUMMARY['time'](hit)}  {told}", markup=False, soft_wrap=True)
        printed += 1
    return printed


def _field(name: str) -> Callable[[Hit], object]:
    return lambda hit: hit.value(name)


_FRAMES: Mapping[Format, tuple[bytes, bytes, bytes]] = {
    Format.JSON: (b"[\n", b",\n", b"\n]\n"),
    Format.NDJSON: (b"", b"\n", b"\n"),
}
"""What stands before, between and after documents."""


def _print_documents(hits: Iterable[Hit], columns: Sequence[str], frame: tuple[bytes, bytes, bytes]) -> int:
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


def _documents(hits: Iterable[Hit], columns: Sequence[str]) -> Iterator[bytes]:
    for hit in hits:
        if columns:
            yield orjson.dumps({name: hit.value(name) for name in columns})
        else:
            yield hit.document.encode()


def _tell(printed: int, conditions: Iterable[Condition], catalogue: Catalogue, *, is_cut: bool) -> None:
    """Say on stderr what the rows themselves don't: that there are more, or why there may be none."""
    if is_cut:
        notes().print(f"there are more than these {printed:,}: --limit 0 shows all")
    if printed:
        return
    notes().print("nothing was found")
    for one in conditions:
        is_action = one.field == "event.action" and one.operator is Operator.EQUAL and one.pattern is None
        if is_action and one.value not in catalogue.types:
            near = catalogue.suggest(one.value)
            meant = f", did you mean `{near}`?" if near else ""
            notes().print(f"no known activity has the type `{one.value}`{meant}", markup=False)
