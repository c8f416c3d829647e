"""The values that travel through the house; all are frozen."""

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
    """In which order the API serves activities, by `created_at`, ties by id."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A closed span of time `[start, end)`, both aware and in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            message = f"a window ends after it starts: {self.start} .. {self.end}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a feed selects; coverage is kept for each set of filters."""

    activity_types: tuple[str, ...] = ()
    exclude_activity_types: tuple[str, ...] = ()
    actor_ids: tuple[str, ...] = ()
    organization_ids: tuple[str, ...] = ()

    def key(self) -> str:
        """Return the text by which coverage tells filter sets apart; `{}` selects everything."""
        members = {
            "activity_types": sorted(set(self.activity_types)),
            "exclude_activity_types": sorted(set(self.exclude_activity_types)),
            "actor_ids": sorted(set(self.actor_ids)),
            "organization_ids": sorted(set(self.organization_ids)),
        }
        return json.dumps({name: values for name, values in members.items() if values}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the Activity Feed."""

    window: Window
    filters: Filters = field(default_factory=Filters)
    order: FeedOrder | None = FeedOrder.ASCENDING
    """None asks a server that does not know the parameter; it answers in descending order."""
    limit: int = 5000
    after_id: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What the vendor sent: the received bytes, and what we must know of them to keep them."""

    id: str
    type: str
    created_at: datetime
    organization_id: str | None
    raw: bytes
    sha256: bytes
    """The digest of `raw`, 32 bytes."""
    is_malformed: bool = False
    """True when it is no valid JSON, or its id, type or time was unreadable and had to be stood in for."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the Activity Feed."""

    activities: tuple[Activity, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
    request_id: str | None
    received_at: datetime
    server_time: datetime | None
    """The server's own clock (the `date` header), or None."""
    requests_limit: int | None = None
    """The request budget of a minute, as the answer's headers tell it."""
    requests_remaining: int | None = None
    """How much of it is left, for all keys of the organization together."""
    age_seconds: float = 0.0
    """How long the answer lay in a cache on the way (`age`, RFC 9111); 0 when it came from the API itself."""
    seconds: float = field(default=0.0, compare=False)
    """How long the request took, from the question to the last byte of the answer."""
    problem: str | None = None
    """Why the answer proves nothing although it has activities: an error object beside them, members missing, …"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The record of one finished walk: what may be claimed as complete, and the proof of it.

    The members follow the documentation's advice on attesting a run (Compliance API, Activity Feed).
    """

    feed: str
    filters: str
    window: Window
    """What is claimed: it may end before the walked window does (`settle`)."""
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
    """The request budget of a minute, as the last answer told it."""
    requests_remaining: int | None = None
    """How much of it was left then."""


@dataclass(frozen=True, slots=True)
class RequestMade:
    """A request that was answered, as the vendor's own log will tell of it (`compliance_api_accessed`)."""

    feed: str
    request_id: str
    asked_at: datetime
    status: int


@dataclass(frozen=True, slots=True)
class Received:
    """An activity with where it came from, as the archive stores it."""

    activity: Activity
    feed: str
    received_at: datetime
    request_id: str | None
    walk_id: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event on its way to a sink."""

    seq: int
    id: str
    timestamp: datetime
    document: str
    """The event as JSON."""

    @property
    def nbytes(self) -> int:
        """How many bytes of UTF-8 the document has."""
        return len(self.document) if self.document.isascii() else len(self.document.encode())


class Fate(StrEnum):
    """What becomes of an event that is sent to a sink."""

    CREATED = "created"
    EXISTING = "existing"
    """It was there already."""
    REJECTED = "rejected"
    """It is refused for good."""
    BUSY = "busy"
    """It was not taken now; sending it again may help."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event, and why."""

    fate: Fate
    reason: str = ""
    status: int | None = None
    """The status that a target gave it."""


class DeliveryPurpose(StrEnum):
    """Why events are delivered."""

    FOLLOW = "follow"
    """They are next; this alone moves the position."""
    REPLAY = "replay"
    RETRY = "retry"
    """They were rejected before."""
    REPAIR = "repair"
    """A comparison has missed them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Events that a sink has settled: each was taken, was there, was rejected, or was dropped by a processor."""

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
        """How many events those were."""
        return self.created + self.existing + self.rejected + self.dropped


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that a sink refuses for good, or did before it took it."""

    sink: str
    seq: int
    id: str
    timestamp: datetime
    status: int | None
    reason: str
    is_resolved: bool
    recorded_at: datetime
