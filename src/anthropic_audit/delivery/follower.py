"""A sink's follower: what is next, up to the newest event, and a position that moves behind what is settled."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from anthropic_audit.archive import ArchiveReader
from anthropic_audit.model import DeliveryPurpose

from .deliver import Deliverer, SeqSpan

_AT_ONCE = 10_000
REACH = 20_000
"""Nothing is sent that lies further behind the recorded position, so a crash repeats this much at most."""


class Follower:
    """Delivers what is next, slice by slice.

    The first slice of a run, and the one after a failure, may have been sent before: it is sent with care.
    """

    def __init__(self, errands: Deliverer) -> None:
        self._errands = errands
        self._is_sure = False

    @property
    def position(self) -> int:
        """The `seq` up to which everything is settled."""
        return self._errands.ledger.position

    def catch_up(self, reader: ArchiveReader) -> int:
        """Deliver all events that the reader has and the sink has not, and return how many those were.

        Raises:
            SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: What was settled before is recorded.
        """
        done = 0
        while (first := self.position + 1) <= reader.normalized_seq:
            span = SeqSpan(first, min(first + REACH - 1, reader.normalized_seq))
            carefully, self._is_sure = not self._is_sure, False
            done += self._errands.run(DeliveryPurpose.FOLLOW, _slices(reader, span), span, carefully=carefully).events
            self._is_sure = True
        return done


def _slices(reader: ArchiveReader, span: SeqSpan) -> Iterator[pa.Table]:
    """Yield the events of a span in parts, which are read as they are sent."""
    for first in range(span.first, span.last + 1, _AT_ONCE):
        yield reader.events_between(first, min(first + _AT_ONCE - 1, span.last))
