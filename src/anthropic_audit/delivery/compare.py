"""Comparison of a cluster with the archive, by hour and by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import Parcel, Window
from anthropic_audit.sinks.cluster import Cluster
from anthropic_audit.sinks.document_ids import target_id

from .prepare import Prepare

_MAX_SPAN_EVENTS = 50_000


@dataclass(frozen=True, slots=True)
class ExpectedEvents:
    """The events that a sink must have: all up to a position, except rejected ones."""

    position: int
    refused: frozenset[int] = frozenset()

    def expects(self, seq: int) -> bool:
        """Return whether the sink must have the event with a `seq`."""
        return seq <= self.position and seq not in self.refused


@dataclass(frozen=True, slots=True)
class HourCompared:
    """The events of one hour in the archive and in a cluster."""

    hour: datetime
    archived: int
    """Number of events in the archive that the sink must have."""
    found: int
    """Number of distinct events in the cluster."""
    missing: tuple[int, ...]
    """The `seq` of events that the cluster lacks."""
    strange: tuple[str, ...]
    """Ids in the cluster that the archive does not have."""
    doubled: Mapping[str, tuple[str, ...]]
    """Ids that the cluster has more than once, with their indices."""

    @property
    def is_alike(self) -> bool:
        """Whether archive and cluster have the same events."""
        return not (self.missing or self.strange or self.doubled)


def compare(
    reader: ArchiveReader, cluster: Cluster, prepare: Prepare, window: Window, *, sent: ExpectedEvents
) -> Iterator[HourCompared]:
    """Yield the comparison of each hour of a window, oldest first; hours without events on both sides are left out.

    Events that were not yet sent to the sink are neither missing nor strange. Memory is bounded by the number of events
    in an hour, or by `_MAX_SPAN_EVENTS` if that is more.

    Raises:
        SinkBusyError, SinkDeniedError, ArchiveError: The cluster or the archive can't be read.
    """
    whole = Window(_hour(window.start), window.end)
    for span in _spans(whole, reader.events_by_hour(whole.start, whole.end)):
        yield from _compare(reader, cluster, prepare, span, sent=sent)


def _spans(window: Window, numbers: Mapping[datetime, int]) -> Iterator[Window]:
    """Cut a window into spans of whole hours, each with up to `_MAX_SPAN_EVENTS` events or of a single hour."""
    start, events = window.start, 0
    for hour, number in sorted(numbers.items()):
        if events and events + number > _MAX_SPAN_EVENTS:
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
    indices: dict[str, list[str]] = {}
    hours: dict[datetime, set[str]] = {}
    for hit in cluster.hits_between(span.start, span.end):
        indices.setdefault(hit.id, []).append(hit.index)
        hours.setdefault(_hour(hit.timestamp), set()).add(hit.id)
    expected: dict[datetime, set[str]] = {}
    for parcel in known.values():
        if sent.expects(parcel.seq):
            expected.setdefault(_hour(parcel.timestamp), set()).add(target_id(parcel.id))
    for hour in sorted(hours.keys() | expected.keys()):
        present, required = hours.get(hour, set()), expected.get(hour, set())
        yield HourCompared(
            hour=hour,
            archived=len(required),
            found=len(present),
            missing=tuple(sorted(known[name].seq for name in required - indices.keys())),
            strange=tuple(sorted(present - known.keys())),
            doubled={name: tuple(indices[name]) for name in sorted(present) if len(indices[name]) > 1},
        )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
