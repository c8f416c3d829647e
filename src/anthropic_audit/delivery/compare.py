"""Comparing a cluster with the archive, hour by hour and id by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import Parcel, Window
from anthropic_audit.sinks.cluster import Cluster
from anthropic_audit.sinks.document_ids import target_id

from .prepare import Prepare

_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class ExpectedEvents:
    """What a sink must have: everything up to a position, but what it refuses."""

    position: int
    refused: frozenset[int] = frozenset()

    def expects(self, seq: int) -> bool:
        """Say whether the event with this number must be there."""
        return seq <= self.position and seq not in self.refused


@dataclass(frozen=True, slots=True)
class HourCompared:
    """What the archive and a cluster have of one hour."""

    hour: datetime
    archived: int
    """Events of the archive that were to be delivered."""
    found: int
    """Different events in the cluster."""
    missing: tuple[int, ...]
    """The `seq` of events that the cluster lacks."""
    strange: tuple[str, ...]
    """Ids in the cluster that the archive does not have."""
    doubled: Mapping[str, tuple[str, ...]]
    """Ids that are there more than once, each with its indices."""

    @property
    def is_alike(self) -> bool:
        """Whether both have the same."""
        return not (self.missing or self.strange or self.doubled)


def compare(
    reader: ArchiveReader, cluster: Cluster, prepare: Prepare, window: Window, *, sent: ExpectedEvents
) -> Iterator[HourCompared]:
    """Yield each hour of a window, oldest first, with what differs; hours in which neither has anything are left out.

    What the sink has not been sent yet is not expected of it, and not strange to it. Memory is bounded by the number
    of events in an hour, or by `_AT_ONCE` if that is more.

    Raises:
        SinkBusyError, SinkDeniedError, ArchiveError: It can't be compared.
    """
    whole = Window(_hour(window.start), window.end)
    for span in _spans(whole, reader.events_by_hour(whole.start, whole.end)):
        yield from _compare(reader, cluster, prepare, span, sent=sent)


def _spans(window: Window, numbers: Mapping[datetime, int]) -> Iterator[Window]:
    """Cut a window into spans of whole hours with so many events at least."""
    start, events = window.start, 0
    for hour, number in sorted(numbers.items()):
        if events and events + number > _AT_ONCE:
            yield Window(start, hour)
            start, events = hour, 0
        events += number
    yield Window(start, window.end)


def _compare(
    reader: ArchiveReader, cluster: Cluster, prepare: Prepare, span: Window, *, sent: ExpectedEvents
) -> Iterator[HourCompared]:
    known: dict[str, Parcel] = {}
    for events in reader.events_of(span.start, span.end):
        known.update({target_id(parcel.id): parcel for parcel in prepare.parcels(events)})
    places: dict[str, list[str]] = {}
    hours: dict[datetime, set[str]] = {}
    for hit in cluster.hits_between(span.start, span.end):
        places.setdefault(hit.id, []).append(hit.index)
        hours.setdefault(_hour(hit.timestamp), set()).add(hit.id)
    expected: dict[datetime, set[str]] = {}
    for parcel in known.values():
        if sent.expects(parcel.seq):
            expected.setdefault(_hour(parcel.timestamp), set()).add(target_id(parcel.id))
    for hour in sorted(hours.keys() | expected.keys()):
        here, wanted = hours.get(hour, set()), expected.get(hour, set())
        yield HourCompared(
            hour=hour,
            archived=len(wanted),
            found=len(here),
            missing=tuple(sorted(known[name].seq for name in wanted - places.keys())),
            strange=tuple(sorted(here - known.keys())),
            doubled={name: tuple(places[name]) for name in sorted(here) if len(places[name]) > 1},
        )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
