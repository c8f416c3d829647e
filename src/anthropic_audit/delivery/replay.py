"""Redelivery: of a span of time, of rejected events, and of events that a comparison found missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import Delivery, DeliveryPurpose, Window

from .deliver import Deliverer, SeqSpan

_SLICE_EVENTS = 20_000

OnProgress = Callable[[int], None]
"""Called with the number of events settled so far."""


def replay(
    deliverer: Deliverer, reader: ArchiveReader, window: Window, on_progress: OnProgress = lambda done: None
) -> list[Delivery]:
    """Deliver the events of a span of time again; events that the sink has, and its position, stay unchanged.

    Raises:
        SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: Events settled before are recorded.
    """
    return _in_turn(
        deliverer, DeliveryPurpose.REPLAY, reader.events_of(window.start, window.end, _SLICE_EVENTS), on_progress
    )


def send_again(
    deliverer: Deliverer,
    reader: ArchiveReader,
    purpose: DeliveryPurpose,
    seqs: Sequence[int],
    *,
    on_progress: OnProgress = lambda done: None,
) -> list[Delivery]:
    """Deliver events with the given `seq` again.

    Raises:
        SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: Events settled before are recorded.
    """
    return _in_turn(deliverer, purpose, _named(reader, sorted(set(seqs))), on_progress)


def _in_turn(
    deliverer: Deliverer, purpose: DeliveryPurpose, slices: Iterator[pa.Table], on_progress: OnProgress
) -> list[Delivery]:
    deliveries = []
    done = 0
    for events in slices:
        span = SeqSpan(events.column("seq")[0].as_py(), events.column("seq")[-1].as_py())
        deliveries.append(deliverer.run(purpose, [events], span))
        done += events.num_rows
        on_progress(done)
    return deliveries


def _named(reader: ArchiveReader, seqs: Sequence[int]) -> Iterator[pa.Table]:
    for start in range(0, len(seqs), _SLICE_EVENTS):
        events = reader.events_numbered(seqs[start : start + _SLICE_EVENTS])
        if events.num_rows:
            yield events
