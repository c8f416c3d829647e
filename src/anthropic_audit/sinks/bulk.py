"""What Elasticsearch and OpenSearch have in common: bulk requests of `create`, and what their answers mean.

A data stream takes an id once in each of its backing indices, so the same event is refused as a conflict unless the
stream was rolled over in between. `present` asks the whole stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from anthropic_audit.errors import AuditError
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.times import EPOCH, format_time

from .document_ids import by_target_id, target_id
from .responses import reason_of

CREATED = Verdict(Fate.CREATED)
EXISTING = Verdict(Fate.EXISTING)

_CONFLICT = 409
_BUSY = (429, 503)
_BLOCKED = "cluster_block_exception"
_IDS_AT_ONCE = 5_000
_PAGE = 10_000
_KEEP_ALIVE = "5m"

Action = tuple[dict[str, Any], str]
"""What is done with a document, and the document."""
Result = tuple[bool, dict[str, Any]]
"""Whether an action was taken, and the answer to it."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An event that is in a cluster."""

    id: str
    index: str
    timestamp: datetime
    """Cut to milliseconds."""


class Api(Protocol):
    """An official client, asked for one data stream in the words that both have."""

    def bulk(self, actions: Iterable[Action], number: int) -> Iterable[Result]:
        """Send actions by one bulk request, and return whether each was taken, with the answer to it."""
        ...

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
        """Send a request of administration, and return its answer."""
        ...

    def refresh(self) -> None:
        """Make everything that was taken visible."""
        ...

    def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a search of the stream, or of the point in time in the body, gives."""
        ...

    def open_point_in_time(self, keep_alive: str) -> str:
        """Return the id of a point in time of the stream."""
        ...

    def close_point_in_time(self, name: str) -> None:
        """Let go of a point in time."""
        ...

    def failure(self, error: Exception) -> AuditError | None:
        """Return what an error of the client asks of us, or None when it is none of the client's."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


def actions(parcels: Iterable[Parcel]) -> Iterator[Action]:
    """Yield what a bulk request does with each event."""
    for parcel in parcels:
        yield {"create": {"_id": target_id(parcel.id)}}, parcel.document


def as_it_is(action: Action) -> Action:
    """Give the helper an action that needs no preparing."""
    return action


def verdicts(results: Iterable[Result]) -> list[Verdict]:
    """Return what became of each event of a bulk request."""
    return [CREATED if is_taken else _verdict(result["create"]) for is_taken, result in results]


def _time(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def _verdict(result: Mapping[str, Any]) -> Verdict:
    status, error = int(result["status"]), result.get("error", {})
    if status == _CONFLICT:
        return EXISTING
    kind = error.get("type", "") if isinstance(error, Mapping) else ""
    fate = Fate.BUSY if status in _BUSY or kind == _BLOCKED else Fate.REJECTED
    return Verdict(fate, reason_of(result), status)


def present(asked: Api, parcels: Sequence[Parcel]) -> AbstractSet[str]:
    """Return which events are in the stream, in whichever backing index."""
    asked.refresh()
    found: set[str] = set()
    known = by_target_id(parcel.id for parcel in parcels)
    ids = iter(known)
    while some := list(islice(ids, _IDS_AT_ONCE)):
        body = {"query": {"ids": {"values": some}}, "_source": False, "size": 2 * len(some), "track_total_hits": False}
        found.update(known[hit["_id"]] for hit in asked.search(body)["hits"]["hits"])
    return found


def hits_between(asked: Api, start: datetime, end: datetime) -> Iterator[StoredDocument]:
    """Yield every event of a span of time, oldest first; `start` is included, `end` is not."""
    asked.refresh()
    span = {"gte": format_time(start), "lt": format_time(end)}
    point = asked.open_point_in_time(_KEEP_ALIVE)
    try:
        after: Sequence[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "pit": {"id": point, "keep_alive": _KEEP_ALIVE},
                "query": {"range": {"@timestamp": span}},
                "sort": [{"@timestamp": "asc"}, {"_shard_doc": "asc"}],
                "size": _PAGE,
                "_source": False,
                "track_total_hits": False,
            }
            hits = asked.search(body | ({"search_after": after} if after else {}))["hits"]["hits"]
            yield from (StoredDocument(hit["_id"], hit["_index"], _time(hit["sort"][0])) for hit in hits)
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        asked.close_point_in_time(point)
