"""Value types that all packages share; all are frozen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """Why a window is walked."""

    TAIL = "tail"
    GAP = "gap"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"


class FeedOrder(StrEnum):
    """The order in which the API serves activities: by `created_at`, ties by id."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A span of time `[start, end)`; both ends are aware and in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            message = f"a window must end after it starts: {self.start} .. {self.end}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a feed; coverage is recorded per set of filters."""

    activity_types: tuple[str, ...] = ()
    exclude_activity_types: tuple[str, ...] = ()
    actor_ids: tuple[str, ...] = ()
    organization_ids: tuple[str, ...] = ()

    def key(self) -> str:
        """Return the canonical JSON that identifies a set of filters in coverage; `{}` selects everything."""
        members = {
            "activity_types": sorted(set(self.activity_types)),
            "exclude_activity_types": sorted(set(self.exclude_activity_types)),
            "actor_ids": sorted(set(self.actor_ids)),
            "organization_ids": sorted(set(self.organization_ids)),
        }
        return json.dumps({name: values for name, values in members.items() if values}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Query:
    """One request to the Activity Feed."""

    window: Window
    filters: Filters = field(default_factory=Filters)
    order: FeedOrder | None = FeedOrder.ASCENDING
    """None for a server that does not know the parameter; it responds in descending order."""
    limit: int = 5000
    after_id: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as received: its bytes, and the members that the archive needs to store it."""

    id: str
    type: str
    created_at: datetime
    organization_id: str | None
    raw: bytes
    sha256: bytes
    """The digest of `raw`, 32 bytes."""
    is_malformed: bool = False
    """True if `raw` is not valid JSON, or if its id, type or time was unreadable and was replaced by a substitute."""


@dataclass(frozen=True, slots=True)
class Page:
    """One response of the Activity Feed."""

    activities: tuple[Activity, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
    request_id: str | None
    received_at: datetime
    server_time: datetime | None
    """Time of the server's clock (the `date` header), or None."""
    requests_limit: int | None = None
    """Requests that the budget allows per minute, from the response's headers."""
    requests_remaining: int | None = None
    """Requests that are left in this minute, for all keys of the organization together."""
    age_seconds: float = 0.0
    """Seconds the response spent in a cache (`age`, RFC 9111); 0 if it came from the API itself."""
    seconds: float = field(default=0.0, compare=False)
    """Duration of the request, from sending it to the last byte of the response."""
    problem: str | None = None
    """Why the response can't back a claim although it has activities: an added error object, missing members, …"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The record of one finished walk: the window that it claims as complete, and the evidence.

    The members follow the documentation's advice on attesting a run (Compliance API, Activity Feed).
    """

    feed: str
    filters: str
    window: Window
    """The claimed window; it may end before the walked window does (`settle`)."""
    purpose: Purpose
    walk_id: str
    walked_at: datetime
    pages: int
    activities: int
    new: int
    first_id: str | None
    last_id: str | None
    request_id: str | None
    requests_limit: int | None = None
    """Requests that the budget allows per minute, from the headers of the last response."""
    requests_remaining: int | None = None
    """Requests that were left in that minute."""


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One of our requests that got a response; the vendor records it as `compliance_api_accessed`."""

    feed: str
    request_id: str
    asked_at: datetime
    status: int


@dataclass(frozen=True, slots=True)
class Received:
    """An activity with its origin (feed, response, walk), as the archive stores it."""

    activity: Activity
    feed: str
    received_at: datetime
    request_id: str | None
    walk_id: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event to be delivered to a sink."""

    seq: int
    id: str
    timestamp: datetime
    document: str
    """The event as JSON."""

    @property
    def nbytes(self) -> int:
        """Size of the document in bytes of UTF-8."""
        return len(self.document) if self.document.isascii() else len(self.document.encode())


class Fate(StrEnum):
    """The result of sending an event to a sink."""

    CREATED = "created"
    EXISTING = "existing"
    """The target had the event already."""
    REJECTED = "rejected"
    """The target refuses the event for good."""
    BUSY = "busy"
    """The target did not accept the event now; sending it again may succeed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of sending one event, and the reason."""

    fate: Fate
    reason: str = ""
    status: int | None = None
    """HTTP status that the target returned for the event, or None."""


class DeliveryPurpose(StrEnum):
    """Why events are delivered."""

    FOLLOW = "follow"
    """The events follow the sink's position; only this purpose advances it."""
    REPLAY = "replay"
    RETRY = "retry"
    """The events were rejected before."""
    REPAIR = "repair"
    """A comparison found the events missing in the target."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Counts of events that a sink has settled: created, existing, rejected, or dropped by a processor."""

    sink: str
    errand: DeliveryPurpose
    first_seq: int
    last_seq: int
    created: int
    existing: int
    rejected: int
    dropped: int
    nbytes: int
    started_at: datetime
    finished_at: datetime

    @property
    def events(self) -> int:
        """Number of settled events."""
        return self.created + self.existing + self.rejected + self.dropped


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that a sink refuses for good, or refused before it accepted it (`is_resolved`)."""

    sink: str
    seq: int
    id: str
    timestamp: datetime
    status: int | None
    reason: str
    is_resolved: bool
    recorded_at: datetime
