"""One event: told, taken apart, beside the bytes that were received, and among those it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import duckdb
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from anthropic_audit.archive.duck import translated
from anthropic_audit.console import entities
from anthropic_audit.console.context import Viewer, answered, viewer_of
from anthropic_audit.console.masking import Document, Masking
from anthropic_audit.console.truncation import (
    MAX_FIELD_DEPTH,
    MAX_FIELDS,
    MAX_TEXT_CHARS,
    as_text,
    cut,
    cut_value,
    is_linkable,
)
from anthropic_audit.console.url_query import UrlQuery
from anthropic_audit.documents import value_at
from anthropic_audit.search import (
    AnyOf,
    Condition,
    Operator,
    Query,
    SearchHit,
    SearchRequest,
    SortOrder,
    equality,
    page,
)
from anthropic_audit.status.changed_repeats import changes_of
from anthropic_audit.times import EPOCH, format_time, moved

from .layout import page as rendered
from .rows import shown_row

_NEAR: Final = timedelta(hours=24)
_WIDE: Final = timedelta(days=7)
_RELATED: Final = 15
_MAX_OBJECTS: Final = 20
_MAX_PLACES: Final = 20
_DIGITS: Final = 19
_BY_SEQ: Final = "SELECT seq, feed, document FROM events WHERE seq = ?"
_RECEIVED: Final = """
SELECT raw, lower(hex(sha256)) AS sha256, epoch_us(received_at) AS received_at, request_id, walk_id, feed
FROM activities WHERE seq = ?
"""
_WHO: Final = (
    "anthropic.audit.actor.type",
    "user.email",
    "user.id",
    "anthropic.audit.actor.name",
    "organization.name",
    "organization.id",
)
_WHERE: Final = (
    "source.ip",
    "source.geo.country_name",
    "source.geo.city_name",
    "source.as.organization.name",
    "user_agent.name",
    "user_agent.os.name",
    "user_agent.original",
)
_HOW: Final = ("event.outcome", "event.reason", "http.request.method", "http.response.status_code", "url.path")
_OBJECT: Final = "Same object"
_GROUPS: Final = {
    "Same actor": ("user", "key"),
    "Same session": ("session", "chat"),
    _OBJECT: ("server", "project", "workspace"),
    "Same address": ("address",),
}


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """An activity as it came."""

    raw: bytes
    sha256: str
    received_at: int
    request_id: str | None
    walk_id: str
    feed: str


async def event(request: Request) -> Response:
    """Show one event."""
    viewer, seq = viewer_of(request), _number(request.path_params["seq"])

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
        hit = _hit(connection, seq)
        return None if hit is None else _shown(connection, viewer, hit)

    found = await answered(request, ask)
    if found is None:
        raise HTTPException(404)
    return rendered(request, "event.html", title="Event", **found)


def _number(text: str) -> int:
    """Return which event is meant; of more digits than 64 bits have, there is none."""
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise HTTPException(404)
    return int(text)


def _hit(connection: duckdb.DuckDBPyConnection, seq: int) -> SearchHit | None:
    with translated():
        rows = connection.execute(_BY_SEQ, [seq]).fetchall()
    return SearchHit(*rows[0]) if rows else None


def _shown(connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit) -> dict[str, Any]:
    place, lens = viewer.place, viewer.lens
    document = lens.document(hit.fields)
    received = _received(connection, hit.seq) if lens.sees_everything else None
    action = value_at(document, "event.action")
    kind = place.catalogue.types.get(action) if isinstance(action, str) else None
    return {
        "seq": hit.seq,
        "sentence": cut(place.teller.tell(document)),
        "at": value_at(document, "@timestamp"),
        "around": _around_it(hit),
        "action": cut_value(action),
        "about": kind.description if kind else "",
        "outcome": cut_value(value_at(document, "event.outcome")),
        "sensitivity": cut_value(value_at(document, "anthropic.audit.sensitivity")),
        "parts": [
            (
                title,
                [
                    (name, cut_value(value), _link(lens, name, value))
                    for name in names
                    if (value := value_at(document, name)) is not None
                ],
            )
            for title, names in (("Actor", _WHO), ("Source", _WHERE), ("Outcome", _HOW))
        ],
        "changes": _changes(document),
        "entities": [
            (entities.KINDS[kind].title, value, entities.path(field, value))
            for kind, field, value in entities.named(document)
            if not lens.hides(field) and is_linkable(value)
        ],
        "objects": [
            (field.rpartition(".")[2], value, equality(field, value))
            for field, value in islice(entities.objects(document), MAX_FIELDS)
            if not lens.hides(field) and is_linkable(value)
        ],
        "fields": [
            (cut(name), cut_value(value), _field_link(lens, name, value))
            for name, value in islice(leaves(document), MAX_FIELDS)
        ],
        "max_fields": MAX_FIELDS,
        "document": cut(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(), MAX_TEXT_CHARS),
        "received": received,
        "raw": cut(received.raw.decode(errors="replace"), MAX_TEXT_CHARS) if received else "",
        "mapping": mapping(received.raw, document) if received else [],
        "again": changes_of(connection, hit.seq),
        "chain": _chain(connection, viewer, hit),
    }


def _when(hit: SearchHit) -> datetime:
    try:
        return datetime.fromisoformat(str(hit.value("@timestamp")))
    except ValueError:
        return EPOCH


def _around_it(hit: SearchHit) -> str:
    """Return the part of an address that asks for the time around an event, so that what is found has it, too."""
    since, until = moved(_when(hit), -_WIDE), moved(_when(hit), _WIDE)
    return UrlQuery(format_time(since), format_time(until)).address("").removeprefix("?")


def leaves(value: Any, name: str = "", depth: int = MAX_FIELD_DEPTH) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - whatever JSON holds
    """Yield the fields of a document with their values; lists are values, and so is the text as received.

    Objects in more than `depth` levels are values, too.
    """
    if isinstance(value, Mapping) and value and depth > 0:
        for member, inner in value.items():
            yield from leaves(inner, f"{name}.{member}" if name else member, depth - 1)
    elif name != "event.original":
        yield name, value


def mapping(raw: bytes, document: Document) -> list[tuple[str, Any, list[str]]]:
    """Return what was received, field by field, each with the fields of the event that say the same.

    At most `MAX_FIELDS` are returned; of bytes that the fast parser can't read, none.
    """
    try:
        activity = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return []
    places: dict[str, list[str]] = {}
    for name, value in leaves(document):
        for one in value if isinstance(value, list) else [value]:
            places.setdefault(as_text(one), []).append(name)
        if isinstance(value, list):
            places.setdefault(as_text(value), []).append(name)
    return [
        (cut(name), cut_value(value), _places(places, name, value)[:_MAX_PLACES])
        for name, value in islice(leaves(activity), MAX_FIELDS)
    ]


def _places(places: Mapping[str, list[str]], name: str, value: Any) -> list[str]:  # noqa: ANN401 - whatever JSON holds
    """Return where a value went; the time is written anew, in milliseconds."""
    found = ["@timestamp"] if name == "created_at" else []
    return [cut(place) for place in dict.fromkeys([*found, *places.get(as_text(value), [])[: 2 * _MAX_PLACES]])]


def _received(connection: duckdb.DuckDBPyConnection, seq: int) -> ReceivedView | None:
    with translated():
        rows = connection.execute(_RECEIVED, [seq]).fetchall()
    return ReceivedView(*rows[0]) if rows else None


def _changes(document: Document) -> list[tuple[str, str, str]]:
    """Return what was changed: name, before, after; the normalizer writes `name: before → after`."""
    found = value_at(document, "anthropic.audit.changes")
    told = []
    for change in found[:MAX_FIELDS] if isinstance(found, list) else []:
        name, _, values = str(change).partition(": ")
        before, _, after = values.partition(" → ")
        told.append((cut(name), cut(before), cut(after)))
    return told


def _link(lens: Masking, field: str, value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    may_link = isinstance(value, str) and is_linkable(value) and not lens.hides(field)
    return entities.path(field, value) if may_link else None


def _field_link(lens: Masking, field: str, value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    """Return the query for events with this value."""
    if isinstance(value, (dict, list)) or value is None or lens.hides(field):
        return None
    return equality(field, as_text(value)) if is_linkable(value) and is_linkable(field) else None


def _chain(connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit) -> list[dict[str, Any]]:
    """Return what happened around it, by what they have in common."""
    named = [one for one in entities.named(hit.fields) if not viewer.lens.hides(one[1]) and is_linkable(one[2])]
    chain = []
    for title, kinds in _GROUPS.items():
        fields = [(field, value) for kind, field, value in named if kind in kinds]
        if title == _OBJECT:
            others = islice(entities.objects(hit.fields), _MAX_OBJECTS)
            fields += [one for one in others if not viewer.lens.hides(one[0]) and is_linkable(one[1])]
        if fields:
            rows = _around(connection, viewer, hit, fields)
            chain.append({"title": title, "rows": rows, "fields": fields, "address": _in_explore(hit, fields)})
    return chain


def _in_explore(hit: SearchHit, fields: list[tuple[str, str]]) -> str:
    """Return where Explore shows all that a part of the story shows the nearest of."""
    when = _when(hit)
    text = " or ".join(equality(field, value) for field, value in fields)
    return UrlQuery(format_time(moved(when, -_NEAR)), format_time(moved(when, _NEAR)), text).address("/explore")


def _around(
    connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit, fields: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the events with one of these values nearest to an event, oldest first, itself among them."""
    when = _when(hit)
    wanted: Query = AnyOf(tuple(Condition(field, Operator.EQUAL, value, is_literal=True) for field, value in fields))
    before, after = (
        SearchRequest(moved(when, -_NEAR), when, query=wanted),
        SearchRequest(when, moved(when, _NEAR), query=wanted),
    )
    earlier = page(connection, before, when, order=SortOrder(), size=_RELATED).hits
    later = page(connection, after, when, order=SortOrder(is_descending=False), size=_RELATED).hits
    hits = {one.seq: one for one in [*reversed(earlier), *later]}
    return [{**shown_row(viewer, one), "is_this": one.seq == hit.seq} for one in hits.values()]
