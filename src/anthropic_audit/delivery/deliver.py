"""Delivery of given events to a sink, with a record of the results in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from anthropic_audit.archive import DeliveryLedger
from anthropic_audit.errors import AuditError
from anthropic_audit.model import Delivery, DeliveryPurpose, Fate, Parcel, Rejection
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Delivered, Watch

from .prepare import Prepare
from .sender import Sender, Settled


@dataclass(frozen=True, slots=True)
class SeqSpan:
    """A range of `seq`, both ends included."""

    first: int
    last: int


@dataclass(slots=True)
class _DeliveryTally:
    """The results of a delivery so far."""

    last_seq: int
    counts: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    nbytes: int = 0
    refused: list[Settled] = field(default_factory=list)
    taken: list[Settled] = field(default_factory=list)
    """Events that the sink accepted after an earlier rejection."""
    dropped: list[int] = field(default_factory=list)
    """The `seq` of events that processors dropped."""

    def add(self, settled: Settled, purpose: DeliveryPurpose) -> None:
        """Count one settled event."""
        parcel, verdict = settled
        self.last_seq = parcel.seq
        self.counts[verdict.fate] += 1
        self.nbytes += parcel.nbytes
        if verdict.fate is Fate.REJECTED:
            self.refused.append(settled)
        elif purpose is DeliveryPurpose.RETRY:
            self.taken.append(settled)


class Deliverer:
    """Delivers events to one sink, and records the results in the sink's ledger."""

    def __init__(self, ledger: DeliveryLedger, sender: Sender, prepare: Prepare, *, clock: Clock, watch: Watch) -> None:
        self._ledger = ledger
        self._sender = sender
        self._prepare = prepare
        self._clock = clock
        self._watch = watch

    @property
    def ledger(self) -> DeliveryLedger:
        """The ledger of the sink."""
        return self._ledger

    def run(
        self, purpose: DeliveryPurpose, slices: Iterable[pa.Table], span: SeqSpan, *, carefully: bool = True
    ) -> Delivery:
        """Deliver the events of a span, given in slices, record the results and return them.

        Raises:
            SinkBusyError, SinkDeniedError, InterruptedRunError, ArchiveError: Events settled before are recorded.
        """
        started = self._clock.now()
        tally = _DeliveryTally(span.first - 1)
        try:
            for settled in self._sender.send(self._parcels(slices, tally), carefully=carefully):
                tally.add(settled, purpose)
        except AuditError:
            if tally.last_seq >= span.first:
                self._record(purpose, tally, SeqSpan(span.first, tally.last_seq), started)
            raise
        return self._record(purpose, tally, span, started)

    def _parcels(self, slices: Iterable[pa.Table], tally: _DeliveryTally) -> Iterator[Parcel]:
        for events in slices:
            parcels = self._prepare.parcels(events)
            if len(parcels) < events.num_rows:
                kept = {parcel.seq for parcel in parcels}
                tally.dropped += [seq for seq in events.column("seq").to_pylist() if seq not in kept]
            yield from parcels

    def _record(self, purpose: DeliveryPurpose, tally: _DeliveryTally, span: SeqSpan, started: datetime) -> Delivery:
        now = self._clock.now()
        delivery = Delivery(
            sink=self._ledger.sink,
            errand=purpose,
            first_seq=span.first,
            last_seq=span.last,
            created=tally.counts[Fate.CREATED],
            existing=tally.counts[Fate.EXISTING],
            rejected=tally.counts[Fate.REJECTED],
            dropped=sum(seq <= span.last for seq in tally.dropped),
            nbytes=tally.nbytes,
            started_at=started,
            finished_at=now,
        )
        self._ledger.record(delivery, list(self._rejections(tally, now)))
        self._watch(Delivered(delivery))
        return delivery

    def _rejections(self, tally: _DeliveryTally, now: datetime) -> Iterator[Rejection]:
        for some, is_resolved in ((tally.refused, False), (tally.taken, True)):
            for parcel, verdict in some:
                yield Rejection(
                    sink=self._ledger.sink,
                    seq=parcel.seq,
                    id=parcel.id,
                    timestamp=parcel.timestamp,
                    status=verdict.status,
                    reason=verdict.reason,
                    is_resolved=is_resolved,
                    recorded_at=now,
                )
