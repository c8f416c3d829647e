"""A place in memory that events are delivered to, with all the troubles that a real one has."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from anthropic_audit.errors import SinkBusyError, SinkDeniedError, SinkRefusedError
from anthropic_audit.model import Fate, Parcel, Verdict


@dataclass(frozen=True)
class Troubles:
    """How often each happens, from 0 to 1, and what is never taken."""

    unreachable: float = 0.0
    """No answer, and nothing came through."""
    lost_answer: float = 0.0
    """No answer, and everything came through."""
    busy_event: float = 0.0
    rolled_over: float = 0.0
    refused_at: int | None = None
    """More events than this at once are refused as a whole."""
    poisoned: AbstractSet[str] = frozenset()
    """Ids that are refused one by one."""
    poisons_batch: bool = False
    """Such an id has its whole batch refused."""
    denied: bool = False


class MemoryPlace:
    """Takes an id once in each of its generations, as a data stream does in each backing index."""

    def __init__(self, troubles: Troubles = Troubles(), seed: int = 0) -> None:
        self.troubles = troubles
        self.generations: list[dict[str, str]] = [{}]
        self.batches: list[int] = []
        self.asked = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    @property
    def stored(self) -> list[str]:
        """Every id as often as it is there."""
        return [name for generation in self.generations for name in generation]

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        with self._lock:
            self.batches.append(len(parcels))
            troubles = self.troubles
            if troubles.denied:
                message = "no"
                raise SinkDeniedError(message)
            if self._happens(troubles.unreachable):
                message = "nobody there"
                raise SinkBusyError(message)
            if troubles.refused_at is not None and len(parcels) > troubles.refused_at:
                message = "too much"
                raise SinkRefusedError(message, status=413)
            if troubles.poisons_batch and any(parcel.id in troubles.poisoned for parcel in parcels):
                message = "something in it"
                raise SinkRefusedError(message, status=400)
            if self._happens(troubles.rolled_over):
                self.generations.append({})
            verdicts = [self._take(parcel) for parcel in parcels]
            if self._happens(troubles.lost_answer):
                message = "no answer in time"
                raise SinkBusyError(message)
            return verdicts

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        with self._lock:
            self.asked += 1
            stored = set(self.stored)
            return {parcel.id for parcel in parcels if parcel.id in stored}

    def close(self) -> None:
        """Nothing is held."""

    def _take(self, parcel: Parcel) -> Verdict:
        if parcel.id in self.troubles.poisoned:
            return Verdict(Fate.REJECTED, "poison", 400)
        if self._happens(self.troubles.busy_event):
            return Verdict(Fate.BUSY, "too many", 429)
        if parcel.id in self.generations[-1]:
            return Verdict(Fate.EXISTING)
        self.generations[-1][parcel.id] = parcel.document
        return Verdict(Fate.CREATED)

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share
