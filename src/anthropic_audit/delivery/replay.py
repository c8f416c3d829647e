"""Delivering again: a span of time, what was rejected, and what a comparison has missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import Delivery, DeliveryPurpose, Window

from .deliver import Deliverer, SeqSpan

_AT_ONCE = 20_000

Told = Callable[[int], None]
"""Is told how many events were settled so far."""


def replay(errands: Deliverer, reader: ArchiveReader, window: Window, told: Told = lambda done: None) -> list[Delivery]:
    """Deliver the events of a span of time again; what the sink has stays as it is, and its position, too.

    Raises:
        SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: What was settled before is recorded.
    """
    return _in_turn(errands, DeliveryPurpose.REPLAY, reader.events_of(window.start, window.end, _AT_ONCE), told)


def send_again(
    errands: Deliverer,
    reader: ArchiveReader,
    errand: DeliveryPurpose,
    seqs: Sequence[int],
    *,
    told: Told = lambda done: None,
) -> list[Delivery]:
    """Deliver events again that are named by their `seq`.

    Raises:
        SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: What was settled before is recorded.
    """
    return _in_turn(errands, errand, _named(reader, sorted(set(seqs))), told)


def _in_turn(errands: Deliverer, errand: DeliveryPurpose, slices: Iterator[pa.Table], told: Told) -> list[Delivery]:
    deliveries = []
    done = 0
    for events in slices:
        span = SeqSpan(events.column("seq")[0].as_py(), events.column("seq")[-1].as_py())
        deliveries.append(errands.run(errand, [events], span))
        done += events.num_rows
        told(done)
    return deliveries


def _named(reader: ArchiveReader, seqs: Sequence[int]) -> Iterator[pa.Table]:
    for start in range(0, len(seqs), _AT_ONCE):
        events = reader.events_numbered(seqs[start : start + _AT_ONCE])
        if events.num_rows:
            yield events
