"""What happens while collecting, for those who show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import Coverage, Delivery, Purpose, Window


@dataclass(frozen=True, slots=True)
class WalkStarted:
    """A walk of a window begins."""

    feed: str
    window: Window
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class RequestSent:
    """A request was answered, in whatever way."""

    feed: str
    request_id: str | None
    asked_at: datetime
    status: int
    seconds: float
    clock_difference: timedelta | None = None
    """How far our clock is ahead of the server's (negative: behind), or None when the answer does not tell."""


@dataclass(frozen=True, slots=True)
class StillWaiting:
    """A request takes long: its answer has not begun, or has not come to its end."""

    feed: str
    seconds: float
    """How long it has taken so far."""


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
    """Activities are in the archive for good."""

    feed: str
    activities: int
    new: int


@dataclass(frozen=True, slots=True)
class ChangedActivities:
    """Activities that are stored were served again with other bytes, and these are recorded beside them."""

    feed: str
    activities: int
    same_content: int
    """How many of them say the same in another spelling: order of members, blanks, escapes."""
    examples: tuple[str, ...]
    """The ids of the first of them."""


@dataclass(frozen=True, slots=True)
class WalkFinished:
    """A walk ended, and its coverage is recorded."""

    coverage: Coverage


@dataclass(frozen=True, slots=True)
class ClockDiffers:
    """Our clock and the server's have begun to differ, differ in another way, or agree again."""

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
    """What was walked."""
    claimed: Window | None
    difference: timedelta
    """How far our clock is ahead of the server's."""


@dataclass(frozen=True, slots=True)
class WalkFailed:
    """A feed's walk ended in an error; what it stored stays, nothing is claimed."""

    feed: str
    reason: str
    hint: str | None
    kind: str = ""
    """The error's class, for those who count."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request is tried again after a while, or waits for the budget."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A window of a long range was read."""

    feed: str
    done: timedelta
    total: timedelta
    """How much time of the range was to be read when it began."""


@dataclass(frozen=True, slots=True)
class CursorLost:
    """The API no longer accepts a cursor (or stays where it is); the walk goes on by time."""

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
    """A sink can't be delivered to for now; its position stays."""

    sink: str
    reason: str
    hint: str | None
    kind: str = ""
    """The error's class, for those who count."""


@dataclass(frozen=True, slots=True)
class WorkFailed:
    """Work beside collecting failed in a way that was foreseen (a full disk, a busy archive); it is tried again."""

    work: str
    reason: str
    hint: str | None
    kind: str = ""
    """The error's class, for those who count."""


@dataclass(frozen=True, slots=True)
class Unexpected:
    """An error that no one foresaw ended one piece of work; everything else goes on, and it is tried again."""

    work: str
    """What ended: `feed acme`, `sink main`, `chore compact`, `normalize`, `health page /metrics` and so on."""
    reason: str
    kind: str
    """The error's class, for those who count."""
    in_a_row: int
    """How many errors of this kind have ended this work since it last went well, this one included."""
    traceback: tuple[str, ...] = ()
    """A line for each call, the innermost last; given with the first error of a row only."""


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
    """Watch nothing."""
