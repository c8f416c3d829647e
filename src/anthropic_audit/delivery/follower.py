"""A sink's follower: delivers new events, and moves the sink's position past settled ones."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import DeliveryPurpose

from .deliver import Deliverer, SeqSpan

_SLICE_EVENTS = 10_000
REACH = 20_000
"""Upper bound on the events sent after the recorded position, and so on those that are sent again after a crash."""


class Follower:
    """Delivers the events after the sink's position, slice by slice.

    The first slice of a run, and the one after a failure, may have been sent before, so the sink is asked first.
    """

    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer
        self._is_position_exact = False

    @property
    def position(self) -> int:
        """The `seq` up to which all events are settled."""
        return self._deliverer.ledger.position

    def catch_up(self, reader: ArchiveReader) -> int:
        """Deliver all events of the archive after the sink's position, and return their number.

        Raises:
            SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: Events settled before are recorded.
        """
        done = 0
        while (first := self.position + 1) <= reader.normalized_seq:
            span = SeqSpan(first, min(first + REACH - 1, reader.normalized_seq))
            carefully, self._is_position_exact = not self._is_position_exact, False
            done += self._deliverer.run(DeliveryPurpose.FOLLOW, _slices(reader, span), span, carefully=carefully).events
            self._is_position_exact = True
        return done


def _slices(reader: ArchiveReader, span: SeqSpan) -> Iterator[pa.Table]:
    """Yield the events of a span in slices, each read when it is needed."""
    for first in range(span.first, span.last + 1, _SLICE_EVENTS):
        yield reader.events_between(first, min(first + _SLICE_EVENTS - 1, span.last))
