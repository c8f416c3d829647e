"""The page of an event: its sentence, its fields, the received activity, and related events."""

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
from anthropic_audit.privacy.masking import Document, Masking
from anthropic_audit.query import (
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
_MAX_RELATED: Final = 15
_MAX_OBJECTS: Final = 20
_MAX_PLACES: Final = 20
_MAX_SEQ_DIGITS: Final = 19
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
    """An activity as received, with the request and the walk that received it."""

    raw: bytes
    sha256: str
    received_at: int
    request_id: str | None
    walk_id: str
    feed: str


async def event(request: Request) -> Response:
    """Return the page of one event."""
    viewer, seq = viewer_of(request), _number(request.path_params["seq"])

    def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
        hit = _hit(connection, seq)
        return None if hit is None else _shown(connection, viewer, hit)

    found = await answered(request, ask)
    if found is None:
        raise HTTPException(404)
    return rendered(request, "event.html", title="Event", **found)


def _number(text: str) -> int:
    """Return the `seq` in a URL.

    Raises:
        HTTPException: 404; the text is not a number, or has more digits than a 64-bit integer.
    """
    if not (text.isascii() and text.isdigit() and len(text) < _MAX_SEQ_DIGITS):
        raise HTTPException(404)
    return int(text)


def _hit(connection: duckdb.DuckDBPyConnection, seq: int) -> SearchHit | None:
    with translated():
        rows = connection.execute(_BY_SEQ, [seq]).fetchall()
    return SearchHit(*rows[0]) if rows else None


def _shown(connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit) -> dict[str, Any]:
    context, masking = viewer.context, viewer.masking
    document = masking.document(hit.fields)
    received = _received(connection, hit.seq) if masking.sees_everything else None
    action = value_at(document, "event.action")
    kind = context.catalogue.types.get(action) if isinstance(action, str) else None
    return {
        "seq": hit.seq,
        "sentence": cut(context.sentences.write(document)),
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
                    (name, cut_value(value), _link(masking, name, value))
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
            if not masking.hides(field) and is_linkable(value)
        ],
        "objects": [
            (field.rpartition(".")[2], value, equality(field, value))
            for field, value in islice(entities.objects(document), MAX_FIELDS)
            if not masking.hides(field) and is_linkable(value)
        ],
        "fields": [
            (cut(name), cut_value(value), _field_link(masking, name, value))
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
    """Return the query string for the period around an event, so that the results of a link include the event."""
    since, until = moved(_when(hit), -_WIDE), moved(_when(hit), _WIDE)
    return UrlQuery(format_time(since), format_time(until)).address("").removeprefix("?")


def leaves(value: Any, name: str = "", depth: int = MAX_FIELD_DEPTH) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - whatever JSON holds
    """Yield the fields of a document with their values, without `event.original`; a list is one value.

    Objects nested more than `depth` levels deep are values as well.
    """
    if isinstance(value, Mapping) and value and depth > 0:
        for member, inner in value.items():
            yield from leaves(inner, f"{name}.{member}" if name else member, depth - 1)
    elif name != "event.original":
        yield name, value


def mapping(raw: bytes, document: Document) -> list[tuple[str, Any, list[str]]]:
    """Return the fields of a received activity with their values and the event's fields that have the same value.

    At most `MAX_FIELDS` are returned, and none if the fast parser can't parse the bytes.
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
    """Return the event's fields with a received value; the time is reformatted, to milliseconds."""
    found = ["@timestamp"] if name == "created_at" else []
    return [cut(field) for field in dict.fromkeys([*found, *places.get(as_text(value), [])[: 2 * _MAX_PLACES]])]


def _received(connection: duckdb.DuckDBPyConnection, seq: int) -> ReceivedView | None:
    with translated():
        rows = connection.execute(_RECEIVED, [seq]).fetchall()
    return ReceivedView(*rows[0]) if rows else None


def _changes(document: Document) -> list[tuple[str, str, str]]:
    """Return the changes of an event: name, old and new value; the normalizer writes `name: before → after`."""
    found = value_at(document, "anthropic.audit.changes")
    changes = []
    for change in found[:MAX_FIELDS] if isinstance(found, list) else []:
        name, _, values = str(change).partition(": ")
        before, _, after = values.partition(" → ")
        changes.append((cut(name), cut(before), cut(after)))
    return changes


def _link(masking: Masking, field: str, value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    may_link = isinstance(value, str) and is_linkable(value) and not masking.hides(field)
    return entities.path(field, value) if may_link else None


def _field_link(masking: Masking, field: str, value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    """Return the query for events with this value, or None if it can't be queried."""
    if isinstance(value, (dict, list)) or value is None or masking.hides(field):
        return None
    return equality(field, as_text(value)) if is_linkable(value) and is_linkable(field) else None


def _chain(connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit) -> list[dict[str, Any]]:
    """Return related events, grouped by the entities that they share with an event."""
    named = [one for one in entities.named(hit.fields) if not viewer.masking.hides(one[1]) and is_linkable(one[2])]
    chain = []
    for title, kinds in _GROUPS.items():
        fields = [(field, value) for kind, field, value in named if kind in kinds]
        if title == _OBJECT:
            others = islice(entities.objects(hit.fields), _MAX_OBJECTS)
            fields += [one for one in others if not viewer.masking.hides(one[0]) and is_linkable(one[1])]
        if fields:
            rows = _around(connection, viewer, hit, fields)
            chain.append({"title": title, "rows": rows, "fields": fields, "address": _in_explore(hit, fields)})
    return chain


def _in_explore(hit: SearchHit, fields: list[tuple[str, str]]) -> str:
    """Return the URL of Explore with all events of a group of related events."""
    when = _when(hit)
    text = " or ".join(equality(field, value) for field, value in fields)
    return UrlQuery(format_time(moved(when, -_NEAR)), format_time(moved(when, _NEAR)), text).address("/explore")


def _around(
    connection: duckdb.DuckDBPyConnection, viewer: Viewer, hit: SearchHit, fields: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the events nearest to an event that have one of the values, oldest first, including the event itself."""
    when = _when(hit)
    wanted: Query = AnyOf(tuple(Condition(field, Operator.EQUAL, value, is_literal=True) for field, value in fields))
    before, after = (
        SearchRequest(moved(when, -_NEAR), when, query=wanted),
        SearchRequest(when, moved(when, _NEAR), query=wanted),
    )
    earlier = page(connection, before, when, order=SortOrder(), size=_MAX_RELATED).hits
    later = page(connection, after, when, order=SortOrder(is_descending=False), size=_MAX_RELATED).hits
    hits = {one.seq: one for one in [*reversed(earlier), *later]}
    return [{**shown_row(viewer, one), "is_this": one.seq == hit.seq} for one in hits.values()]
