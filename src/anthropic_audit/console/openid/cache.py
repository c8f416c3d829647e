"""A cache of a provider's documents, and of failures to load them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from anthropic_audit.errors import ProviderError
from anthropic_audit.ports import Clock

_Value = TypeVar("_Value")

MAX_AGE: Final = timedelta(hours=1)
"""How long a document is used before it is loaded again."""
RELOAD_INTERVAL: Final = timedelta(seconds=60)
"""Shortest time between two reloads of a document that seems to have changed."""
RETRY_INTERVAL: Final = timedelta(seconds=5)
"""How long a failure is returned before the document is requested again."""


@dataclass(frozen=True, slots=True)
class _Read(Generic[_Value]):
    """A document, or the error of loading it, until it expires."""

    value: _Value | ProviderError
    ends: datetime


class CachedDocument(Generic[_Value]):
    """One cached document; several threads may load it at the same time, and the last result is kept.

    Args:
        clock: The time of day.
        read: Loads the document from the provider; raises ProviderError.
    """

    def __init__(self, clock: Clock, read: Callable[[], _Value]) -> None:
        self._clock = clock
        self._read = read
        self._cached: _Read[_Value] | None = None
        self._reloaded_at: datetime | None = None

    def value(self) -> _Value:
        """Return the document, loaded again if the cached one has expired.

        Raises:
            ProviderError: The document can't be loaded, or could not be within the last `RETRY_INTERVAL`.
        """
        cached = self._cached
        if cached is None or cached.ends <= self._clock.now():
            cached = self._cached = self._load()
        if isinstance(cached.value, ProviderError):
            raise cached.value.with_traceback(None)
        return cached.value

    def reload(self) -> _Value:
        """Return the document, loaded again unless a reload was requested within the last `RELOAD_INTERVAL`.

        Raises:
            ProviderError: The document can't be loaded.
        """
        now = self._clock.now()
        if self._reloaded_at is None or self._reloaded_at <= now - RELOAD_INTERVAL:
            self._reloaded_at, self._cached = now, None
        return self.value()

    def _load(self) -> _Read[_Value]:
        try:
            return _Read(self._read(), self._clock.now() + MAX_AGE)
        except ProviderError as error:
            return _Read(error, self._clock.now() + RETRY_INTERVAL)
