"""Sending events to a sink: in concurrent batches, with retries, until every event is settled."""

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

_MAX_REFUSALS = 3
"""Number of refusals in a row after which a request counts as too large for a busy target."""

_TOO_LARGE = 413
_MAX_CHARACTER_BYTES = 4
"""Upper bound on the UTF-8 bytes of a character."""
_POLL_SECONDS = 1.0
"""How often a waiting thread checks whether the run has ended."""
_MAX_REJECTIONS = 20
"""Number of events rejected one by one, without any accepted, after which the target itself counts as the cause."""

Settled = tuple[Parcel, Verdict]
"""An event and its final verdict."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on batches, concurrency and the size of events."""

    batch_events: int
    batch_bytes: int
    workers: int
    max_event_bytes: int = 50_000_000
    """Upper bound on an event that is sent; larger ones are rejected without sending them."""


class Sender:
    """Sends events to one sink; leaving the context ends its threads.

    An event is sent again until the sink accepts it or rejects it for good. If it is unknown whether events arrived (no
    response, or a crash before this run), the sink is first asked which of them it has. A batch that is refused as a
    whole is halved until one event is left, which is then rejected.
    """

    def __init__(
        self,
        sink: Sink,
        limits: Limits,
        clock: Clock,
        *,
        retry: RetryPolicy,
        watch: Watch,
        chance: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._limits = limits
        self._clock = clock
        self._retry_policy = retry
        self._watch = watch
        self._chance = chance
        self._has_accepted = False
        self._rejected_alone = 0
        self._is_stopping = False
        self._concurrency = AdaptiveConcurrency(limits.workers, limits.batch_events)
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="sender")

    @property
    def at_once(self) -> int:
        """The current number of requests that may be sent at the same time."""
        return self._concurrency.allowed

    def send(self, parcels: Iterable[Parcel], *, carefully: bool) -> Iterator[Settled]:
        """Send events, and yield each with its verdict, in their order, as soon as all before it are settled.

        Args:
            parcels: The events; the iterator is read as they can be sent.
            carefully: Ask the sink first which events it has, as an earlier run may have sent them.

        Raises:
            SinkBusyError: The retry policy's time is over.
            SinkDeniedError: The sink denies access.
            InterruptedRunError: The operator stopped the run.
        """
        self._is_stopping = False
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
            self._is_stopping = True
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
        part: Sequence[Parcel] = ()
        failures, started = 0, self._clock.now()
        while left:
            self._check_running()
            try:
                with self._concurrency.turn(self._clock):
                    if carefully:
                        present = self._sink.present(left)
                        settled.update((parcel.seq, _EXISTING) for parcel in left if parcel.id in present)
                        left = [parcel for parcel in left if parcel.id not in present]
                        carefully = False
                    part = left[: self._concurrency.events]
                    found = self._sink.deliver(part) if part else ()
            except SinkBusyError as error:
                carefully, failures = True, failures + 1
                if failures % _MAX_REFUSALS == 0:
                    self._concurrency.smaller(min(len(left), self._concurrency.events))
                self._wait(error, failures, started_ago=self._clock.now() - started)
                continue
            except SinkRefusedError as error:
                if error.status == _TOO_LARGE:
                    self._concurrency.smaller(len(part))
                settled.update((parcel.seq, verdict) for parcel, verdict in self._send_halves(part, error))
                left = [parcel for parcel in left if parcel.seq not in settled]
                continue
            settled.update(
                (parcel.seq, one) for parcel, one in zip(part, found, strict=True) if one.fate is not Fate.BUSY
            )
            busy = [one for one in found if one.fate is Fate.BUSY]
            left = [parcel for parcel in left if parcel.seq not in settled]
            if busy:
                failures += 1
                refused = SinkBusyError(f"{len(busy)} of {len(found)} events were not accepted: {busy[0].reason}")
                self._wait(refused, failures, started_ago=self._clock.now() - started)
            else:
                failures, started, self._has_accepted = 0, self._clock.now(), True
                self._concurrency.faster()
        return [(parcel, settled[parcel.seq]) for parcel in batch]

    def _is_too_large(self, parcel: Parcel) -> bool:
        max_bytes = self._limits.max_event_bytes
        return len(parcel.document) * _MAX_CHARACTER_BYTES > max_bytes and parcel.nbytes > max_bytes

    def _too_large(self, parcel: Parcel) -> Verdict:
        reason = f"the event has {parcel.nbytes:,} bytes, more than max_event_bytes = {self._limits.max_event_bytes:,}"
        return Verdict(Fate.REJECTED, reason)

    def _send_halves(self, refused: Sequence[Parcel], error: SinkRefusedError) -> list[Settled]:
        """Send a batch that was refused as a whole in two halves; a single event is rejected.

        Raises:
            SinkDeniedError: The target has accepted no event yet, and rejected `_MAX_REJECTIONS` one by one.
        """
        if len(refused) == 1:
            self._rejected_alone += 1
            if self._rejected_alone >= _MAX_REJECTIONS and not self._has_accepted:
                message = f"the target refuses every event: {error}"
                raise SinkDeniedError(message, status=error.status, hint="check that its address is correct")
            return [(refused[0], Verdict(Fate.REJECTED, str(error), error.status))]
        middle = len(refused) // 2
        parts = (refused[:middle], refused[middle:])
        return [one for part in parts for one in self._settle(part, carefully=False)]

    def _wait(self, error: SinkBusyError, failures: int, *, started_ago: timedelta) -> None:
        """Wait before the next attempt at a busy target.

        Raises:
            SinkBusyError: The retry policy's time would be over before the wait.
            InterruptedRunError: The operator stopped the run.
        """
        self._concurrency.slower()
        seconds = self._retry_policy.wait_seconds(failures, error.retry_after, self._chance())
        if started_ago + timedelta(seconds=seconds) > self._retry_policy.give_up_after:
            raise error
        self._watch(Waiting(seconds, str(error)))
        while seconds > 0:
            self._check_running()
            self._clock.wait(min(seconds, _POLL_SECONDS))
            seconds -= _POLL_SECONDS

    def _check_running(self) -> None:
        """Return if the run continues.

        Raises:
            InterruptedRunError: Another batch failed for good, so that this one's result is not needed.
        """
        if self._is_stopping:
            message = "another batch failed"
            raise InterruptedRunError(message)
