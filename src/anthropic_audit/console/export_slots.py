"""Admit few exports at a time: some of each session, some in all, and none when there is too little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from anthropic_audit.errors import ConsoleBusyError
from anthropic_audit.memory import memory

MAX_PER_SESSION: Final = 2
"""How many exports of one session run at a time; its others wait."""

MAX_RUNNING: Final = 4
"""How many exports run at a time in all; the others wait."""

MAX_WAITING: Final = 64
"""How many exports may wait; what is asked for beyond that is refused."""

EXPORT_BYTES: Final = 256 << 20
"""Upper bound on the memory that one export takes, its share of DuckDB's included."""

RESERVED_BYTES: Final = 128 << 20
"""What stays free for collecting and for pages."""

_LOOK_SECONDS: Final = 0.1
_LATER_SECONDS: Final = 60.0


class Admission:
    """Who may export; for the event loop only."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._queue: list[tuple[str, object]] = []

    @property
    def running(self) -> int:
        """How many exports run."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many exports wait."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self, session: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it.

        Raises:
            ConsoleBusyError: Too many wait, or there is too little memory even for one export.
        """
        await self._wait(session)
        try:
            yield
        finally:
            self._running[session] -= 1

    async def _wait(self, session: str) -> None:
        if len(self._queue) >= MAX_WAITING:
            message = f"{MAX_WAITING} exports are already waiting"
            raise ConsoleBusyError(message, hint="try again in a few minutes", retry_after=_LATER_SECONDS)
        place = (session, object())
        self._queue.append(place)
        try:
            while not (self._is_next(place) and self._has_memory()):
                await anyio.sleep(_LOOK_SECONDS)
            self._running[session] += 1
        finally:
            self._queue.remove(place)

    def _is_next(self, place: tuple[str, object]) -> bool:
        """Say whether it is the turn of an export: the first one in the queue whose session has room."""
        if self.running >= MAX_RUNNING:
            return False
        return next((one for one in self._queue if self._running[one[0]] < MAX_PER_SESSION), None) is place

    def _has_memory(self) -> bool:
        """Say whether another export fits beside those that run; when none runs, waiting would not help.

        Raises:
            ConsoleBusyError: Not even one fits.
        """
        available, needed = memory().available, RESERVED_BYTES + EXPORT_BYTES
        if available >= needed:
            return True
        if self.running:
            return False
        message = (
            f"there is too little memory for an export: {available >> 20} MB are free, {needed >> 20} MB are needed"
        )
        hint = "give the service more memory, or run `anthropic-audit search --format ndjson` in another process"
        raise ConsoleBusyError(message, hint=hint, retry_after=_LATER_SECONDS)
