"""A sink in memory with the faults of real targets."""

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
    """Probabilities of faults from 0 to 1, and events that are always refused."""

    unreachable: float = 0.0
    """No response, and no event was stored."""
    lost_answer: float = 0.0
    """No response, and all events were stored."""
    busy_event: float = 0.0
    rolled_over: float = 0.0
    refused_at: int | None = None
    """Larger batches are refused as a whole."""
    poisoned: AbstractSet[str] = frozenset()
    """Ids of events that are rejected one by one."""
    poisons_batch: bool = False
    """Ids of events whose whole batch is refused."""
    denied: bool = False


class MemoryPlace:
    """Accepts an id once per generation, as a data stream does per backing index."""

    def __init__(self, troubles: Troubles = Troubles(), seed: int = 0) -> None:
        self.troubles = troubles
        self.generations: list[dict[str, str]] = [{}]
        self.batches: list[int] = []
        self.asked = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    @property
    def stored(self) -> list[str]:
        """All stored ids, repeats included."""
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
        """Do nothing."""

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
