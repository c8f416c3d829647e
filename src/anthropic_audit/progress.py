"""Progress events of collecting, for logs, metrics and the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import Coverage, Delivery, Purpose, Window


@dataclass(frozen=True, slots=True)
class WalkStarted:
    """A walk of a window started."""

    feed: str
    window: Window
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class RequestSent:
    """A request got a response, whatever its status."""

    feed: str
    request_id: str | None
    asked_at: datetime
    status: int
    seconds: float
    clock_difference: timedelta | None = None
    """How far our clock is ahead of the server's (negative: behind), or None if the response has no time."""


@dataclass(frozen=True, slots=True)
class StillWaiting:
    """A request takes long: its response has not started, or is not complete."""

    feed: str
    seconds: float
    """Duration of the request so far."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page arrived; it is not stored yet."""

    feed: str
    activities: int
    newest: datetime | None
    """The latest `created_at` of the page."""
    malformed: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Activities were stored durably."""

    feed: str
    activities: int
    new: int


@dataclass(frozen=True, slots=True)
class ChangedActivities:
    """Stored activities were served again with other bytes; both versions are kept."""

    feed: str
    activities: int
    same_content: int
    """How many of them have the same content in another notation: order of members, white space, escapes."""
    examples: tuple[str, ...]
    """Ids of the first such activities."""


@dataclass(frozen=True, slots=True)
class WalkFinished:
    """A walk ended, and its coverage is recorded."""

    coverage: Coverage


@dataclass(frozen=True, slots=True)
class ClockDiffers:
    """The difference between our clock and the server's appeared, changed or ended."""

    feed: str
    difference: timedelta
    """How far our clock is ahead of the server's; negative when it is behind, zero when they agree again."""
    our_time: datetime
    server_time: datetime


@dataclass(frozen=True, slots=True)
class ClaimHeldBack:
    """A walk claims less than our clock allows, or nothing, because the server's clock is behind ours."""

    feed: str
    window: Window
    """The walked window."""
    claimed: Window | None
    difference: timedelta
    """How far our clock is ahead of the server's."""


@dataclass(frozen=True, slots=True)
class WalkFailed:
    """A feed's walk ended with an error; its stored activities stay, nothing is claimed."""

    feed: str
    reason: str
    hint: str | None
    kind: str = ""
    """Name of the error's class, for metrics."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request waits for its next attempt, or for the request budget."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A window of a long range was read."""

    feed: str
    done: timedelta
    total: timedelta
    """Length of the range's time that was not covered at the start."""


@dataclass(frozen=True, slots=True)
class CursorLost:
    """The API no longer accepts a cursor (or repeats its position); the walk continues by time."""

    feed: str
    resumed_at: datetime


@dataclass(frozen=True, slots=True)
class Normalized:
    """Events were derived from stored activities."""

    events: int
    up_to_seq: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A sink has settled events, and its position is recorded."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """A delivery to a sink failed; the sink's position stays."""

    sink: str
    reason: str
    hint: str | None
    kind: str = ""
    """Name of the error's class, for metrics."""


@dataclass(frozen=True, slots=True)
class WorkFailed:
    """Work other than collecting failed with a known error (a full disk, a busy archive); it is retried."""

    work: str
    reason: str
    hint: str | None
    kind: str = ""
    """Name of the error's class, for metrics."""


@dataclass(frozen=True, slots=True)
class Unexpected:
    """An unexpected error ended one unit of work; all other work continues, and the unit is retried."""

    work: str
    """Name of the unit of work: `feed acme`, `sink main`, `chore compact`, `normalize`, `health page /metrics` etc."""
    reason: str
    kind: str
    """Name of the error's class, for metrics."""
    in_a_row: int
    """Number of errors of this kind since the work last succeeded, including this one."""
    traceback: tuple[str, ...] = ()
    """A line per call, the innermost last; given with the first error in a row only."""


Progress = (
    RequestSent
    | StillWaiting
    | WalkStarted
    | PageRead
    | Stored
    | ChangedActivities
    | WalkFinished
    | ClockDiffers
    | ClaimHeldBack
    | WalkFailed
    | Waiting
    | CursorLost
    | RangeRead
    | Normalized
    | Delivered
    | DeliveryFailed
    | WorkFailed
    | Unexpected
)
Watch = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Ignore a progress event."""
