"""Bringing events to a sink: in batches, several at a time, again as long as it takes, and each to an end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from anthropic_audit.errors import InterruptedRunError, SinkBusyError, SinkDeniedError, SinkRefusedError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.ports import Clock, Sink
from anthropic_audit.progress import Waiting, Watch

from .concurrency import AdaptiveConcurrency

_EXISTING = Verdict(Fate.EXISTING)

_TOO_OFTEN = 3
"""A request that is refused so often in a row may be too large for the room that a busy target has."""

_TOO_LARGE = 413
_MAX_CHARACTER_BYTES = 4
"""Bytes that UTF-8 needs for a character at most."""
_LOOK_SECONDS = 1.0
"""How soon one who waits sees that the others have ended."""
_ENOUGH = 20
"""So many events are refused one by one before it is the target that counts as wrong, not the events."""

Settled = tuple[Parcel, Verdict]
"""An event and what became of it, for good."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is sent at once."""

    batch_events: int
    batch_bytes: int
    workers: int
    max_event_bytes: int = 50_000_000
    """Largest event that is sent; a larger one is rejected, and never sent."""


class Sender:
    """Brings events to one sink; leaving the context ends its threads.

    An event is sent again until the sink has taken it or refuses it for good. Where it is unknown whether something
    came through (no answer, a crash before this run), the sink is first asked what it has. A batch that is refused as
    a whole is halved until one event is left, and that one is rejected.
    """

    def __init__(
        self,
        sink: Sink,
        limits: Limits,
        clock: Clock,
        *,
        patience: RetryPolicy,
        watch: Watch,
        chance: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._limits = limits
        self._clock = clock
        self._patience = patience
        self._watch = watch
        self._chance = chance
        self._has_taken = False
        self._refused_alone = 0
        self._is_ending = False
        self._pace = AdaptiveConcurrency(limits.workers, limits.batch_events)
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="courier")

    @property
    def at_once(self) -> int:
        """How many requests may be sent at the same time now."""
        return self._pace.allowed

    def bring(self, parcels: Iterable[Parcel], *, carefully: bool) -> Iterator[Settled]:
        """Send events and yield what became of each, in their order, as soon as all before it are settled.

        Args:
            parcels: The events; they are asked for as they can be sent.
            carefully: Ask first which of them are there: an earlier run may have sent them.

        Raises:
            SinkBusyError: Patience ended.
            SinkDeniedError: The sink does not let us in.
            InterruptedRunError: The operator asked for an end.
        """
        self._is_ending = False
        waiting: deque[Future[list[Settled]]] = deque()
        batches = self._batches(parcels)
        try:
            for batch in batches:
                waiting.append(self._pool.submit(self._settle, batch, carefully=carefully))
                if len(waiting) > self._limits.workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            self._is_ending = True
            for future in waiting:
                future.cancel()
            for future in waiting:
                if not future.cancelled():
                    future.exception()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _batches(self, parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
        batch: list[Parcel] = []
        nbytes = 0
        for parcel in parcels:
            size = parcel.nbytes
            if batch and (len(batch) >= self._limits.batch_events or nbytes + size > self._limits.batch_bytes):
                yield batch
                batch, nbytes = [], 0
            batch.append(parcel)
            nbytes += size
        if batch:
            yield batch

    def _settle(self, batch: Sequence[Parcel], *, carefully: bool) -> list[Settled]:
        """Send a batch until each event of it is settled."""
        settled = {parcel.seq: self._too_large(parcel) for parcel in batch if self._is_too_large(parcel)}
        left = [parcel for parcel in batch if parcel.seq not in settled]
        some: Sequence[Parcel] = ()
        failures, started = 0, self._clock.now()
        while left:
            self._go_on()
            try:
                with self._pace.turn(self._clock):
                    if carefully:
                        present = self._sink.present(left)
                        settled.update((parcel.seq, _EXISTING) for parcel in left if parcel.id in present)
                        left = [parcel for parcel in left if parcel.id not in present]
                        carefully = False
                    some = left[: self._pace.events]
                    found = self._sink.deliver(some) if some else ()
            except SinkBusyError as error:
                carefully, failures = True, failures + 1
                if failures % _TOO_OFTEN == 0:
                    self._pace.smaller(min(len(left), self._pace.events))
                self._wait(error, failures, started_ago=self._clock.now() - started)
                continue
            except SinkRefusedError as error:
                if error.status == _TOO_LARGE:
                    self._pace.smaller(len(some))
                settled.update((parcel.seq, verdict) for parcel, verdict in self._halves(some, error))
                left = [parcel for parcel in left if parcel.seq not in settled]
                continue
            settled.update(
                (parcel.seq, one) for parcel, one in zip(some, found, strict=True) if one.fate is not Fate.BUSY
            )
            busy = [one for one in found if one.fate is Fate.BUSY]
            left = [parcel for parcel in left if parcel.seq not in settled]
            if busy:
                failures += 1
                refused = SinkBusyError(f"{len(busy)} of {len(found)} events were not accepted: {busy[0].reason}")
                self._wait(refused, failures, started_ago=self._clock.now() - started)
            else:
                failures, started, self._has_taken = 0, self._clock.now(), True
                self._pace.faster()
        return [(parcel, settled[parcel.seq]) for parcel in batch]

    def _is_too_large(self, parcel: Parcel) -> bool:
        most = self._limits.max_event_bytes
        return len(parcel.document) * _MAX_CHARACTER_BYTES > most and parcel.nbytes > most

    def _too_large(self, parcel: Parcel) -> Verdict:
        reason = f"the event has {parcel.nbytes:,} bytes, more than max_event_bytes = {self._limits.max_event_bytes:,}"
        return Verdict(Fate.REJECTED, reason)

    def _halves(self, refused: Sequence[Parcel], error: SinkRefusedError) -> list[Settled]:
        """Send what was refused as a whole in two parts; an event alone is rejected.

        Raises:
            SinkDeniedError: The target has never taken anything, and refuses one event after the other.
        """
        if len(refused) == 1:
            self._refused_alone += 1
            if self._refused_alone >= _ENOUGH and not self._has_taken:
                message = f"the target refuses every event: {error}"
                raise SinkDeniedError(message, status=error.status, hint="check that its address is correct")
            return [(refused[0], Verdict(Fate.REJECTED, str(error), error.status))]
        middle = len(refused) // 2
        parts = (refused[:middle], refused[middle:])
        return [one for part in parts for one in self._settle(part, carefully=False)]

    def _wait(self, error: SinkBusyError, failures: int, *, started_ago: timedelta) -> None:
        """Give a busy target time.

        Raises:
            SinkBusyError: Patience ends before the wait would.
            InterruptedRunError: The operator asked for an end.
        """
        self._pace.slower()
        seconds = self._patience.wait_seconds(failures, error.retry_after, self._chance())
        if started_ago + timedelta(seconds=seconds) > self._patience.give_up_after:
            raise error
        self._watch(Waiting(seconds, str(error)))
        while seconds > 0:
            self._go_on()
            self._clock.wait(min(seconds, _LOOK_SECONDS))
            seconds -= _LOOK_SECONDS

    def _go_on(self) -> None:
        """Try again, unless another batch failed for good: nobody asks for this one's end any more.

        Raises:
            InterruptedRunError: It has.
        """
        if self._is_ending:
            message = "another batch failed"
            raise InterruptedRunError(message)
