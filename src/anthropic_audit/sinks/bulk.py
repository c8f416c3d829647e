"""Bulk requests and searches that Elasticsearch and OpenSearch have in common.

A data stream accepts an id once per backing index, so an event that is sent again is refused as a conflict, unless the
stream was rolled over in between. `present` searches the whole stream.
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
_IDS_PER_SEARCH = 5_000
_HITS_PER_SEARCH = 10_000
_KEEP_ALIVE = "5m"

Action = tuple[dict[str, Any], str]
"""A bulk action's metadata, and its document."""
Result = tuple[bool, dict[str, Any]]
"""Whether an action succeeded, and its item of the response."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An event as it is stored in a cluster."""

    id: str
    index: str
    timestamp: datetime
    """The event's time, truncated to milliseconds."""


class Api(Protocol):
    """The operations on one data stream that both official clients provide."""

    def bulk(self, actions: Iterable[Action], number: int) -> Iterable[Result]:
        """Send `number` actions in one bulk request, and return the result of each."""
        ...

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
        """Send an administrative request, and return the body of its response."""
        ...

    def refresh(self) -> None:
        """Make all accepted documents visible to searches."""
        ...

    def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search the stream, or the point in time in the body, and return the response."""
        ...

    def open_point_in_time(self, keep_alive: str) -> str:
        """Open a point in time of the stream, and return its id."""
        ...

    def close_point_in_time(self, name: str) -> None:
        """Close a point in time."""
        ...

    def failure(self, error: Exception) -> AuditError | None:
        """Translate an exception of the client, or return None if it is not one."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


def actions(parcels: Iterable[Parcel]) -> Iterator[Action]:
    """Yield the `create` action of each event."""
    for parcel in parcels:
        yield {"create": {"_id": target_id(parcel.id)}}, parcel.document


def as_it_is(action: Action) -> Action:
    """Return an action unchanged, as the client's helper wants a function to expand it."""
    return action


def verdicts(results: Iterable[Result]) -> list[Verdict]:
    """Return the verdict of each event of a bulk request."""
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


def present(api: Api, parcels: Sequence[Parcel]) -> AbstractSet[str]:
    """Return the ids of those events that are in any backing index of the stream."""
    api.refresh()
    found: set[str] = set()
    known = by_target_id(parcel.id for parcel in parcels)
    ids = iter(known)
    while some := list(islice(ids, _IDS_PER_SEARCH)):
        body = {"query": {"ids": {"values": some}}, "_source": False, "size": 2 * len(some), "track_total_hits": False}
        found.update(known[hit["_id"]] for hit in api.search(body)["hits"]["hits"])
    return found


def hits_between(api: Api, start: datetime, end: datetime) -> Iterator[StoredDocument]:
    """Yield every event from `start` (included) to `end` (excluded), oldest first."""
    api.refresh()
    span = {"gte": format_time(start), "lt": format_time(end)}
    point = api.open_point_in_time(_KEEP_ALIVE)
    try:
        after: Sequence[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "pit": {"id": point, "keep_alive": _KEEP_ALIVE},
                "query": {"range": {"@timestamp": span}},
                "sort": [{"@timestamp": "asc"}, {"_shard_doc": "asc"}],
                "size": _HITS_PER_SEARCH,
                "_source": False,
                "track_total_hits": False,
            }
            hits = api.search(body | ({"search_after": after} if after else {}))["hits"]["hits"]
            yield from (StoredDocument(hit["_id"], hit["_index"], _time(hit["sort"][0])) for hit in hits)
            if len(hits) < _HITS_PER_SEARCH:
                return
            after = hits[-1]["sort"]
    finally:
        api.close_point_in_time(point)
