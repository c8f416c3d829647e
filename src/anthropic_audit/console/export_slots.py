"""Limits on concurrent exports: per session, in total, and by free memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from anthropic_audit.errors import ConsoleBusyError
from anthropic_audit.memory import memory

MAX_PER_SESSION: Final = 2
"""Upper bound on the exports of one session that run at a time; further ones wait."""

MAX_RUNNING: Final = 4
"""Upper bound on all exports that run at a time; further ones wait."""

MAX_WAITING: Final = 64
"""Upper bound on waiting exports; further ones are refused."""

EXPORT_BYTES: Final = 256 << 20
"""Upper bound on the memory that one export takes, its share of DuckDB's included."""

RESERVED_BYTES: Final = 128 << 20
"""Memory that is kept free for collecting and for pages."""

_POLL_SECONDS: Final = 0.1
_RETRY_AFTER_SECONDS: Final = 60.0


class Admission:
    """The queue of exports, first in, first out; to be used in the event loop only."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._queue: list[tuple[str, object]] = []

    @property
    def running(self) -> int:
        """Number of running exports."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """Number of waiting exports."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self, session: str) -> AsyncIterator[None]:
        """Wait until an export of a session may run, and count it as running while the context is open.

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
            raise ConsoleBusyError(message, hint="try again in a few minutes", retry_after=_RETRY_AFTER_SECONDS)
        entry = (session, object())
        self._queue.append(entry)
        try:
            while not (self._is_next(entry) and self._has_memory()):
                await anyio.sleep(_POLL_SECONDS)
            self._running[session] += 1
        finally:
            self._queue.remove(entry)

    def _is_next(self, entry: tuple[str, object]) -> bool:
        """Return whether an entry is the first one in the queue whose session may run another export."""
        if self.running >= MAX_RUNNING:
            return False
        return next((one for one in self._queue if self._running[one[0]] < MAX_PER_SESSION), None) is entry

    def _has_memory(self) -> bool:
        """Return whether there is memory for another export; if none is running, waiting would not free any.

        Raises:
            ConsoleBusyError: No export is running, and there is too little memory for one.
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
        raise ConsoleBusyError(message, hint=hint, retry_after=_RETRY_AFTER_SECONDS)
