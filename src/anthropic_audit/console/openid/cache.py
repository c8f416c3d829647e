"""A document of a provider's, kept for a while, so that it is asked seldom; also when it can't be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from anthropic_audit.errors import ProviderError
from anthropic_audit.ports import Clock

_Value = TypeVar("_Value")

KEPT: Final = timedelta(hours=1)
"""How long a document counts."""
PAUSE: Final = timedelta(seconds=60)
"""How often it is asked for because something in it seems to have changed."""
REST: Final = timedelta(seconds=5)
"""How long a provider is left alone that could not be reached."""


@dataclass(frozen=True, slots=True)
class _Read(Generic[_Value]):
    """What was read, or why it could not be."""

    value: _Value | ProviderError
    ends: datetime


class CachedDocument(Generic[_Value]):
    """One document; several threads may read it at the same time, and the last one counts.

    Args:
        clock: The time of day.
        read: Asks the provider for it; raises ProviderError.
    """

    def __init__(self, clock: Clock, read: Callable[[], _Value]) -> None:
        self._clock = clock
        self._read = read
        self._kept: _Read[_Value] | None = None
        self._asked_anew: datetime | None = None

    def value(self) -> _Value:
        """Return the document, read anew when the one before is too old.

        Raises:
            ProviderError: It can't be read, or could not be a moment ago.
        """
        kept = self._kept
        if kept is None or kept.ends <= self._clock.now():
            kept = self._kept = self._taken()
        if isinstance(kept.value, ProviderError):
            raise kept.value.with_traceback(None)
        return kept.value

    def anew(self) -> _Value:
        """Return the document as it is now, unless that was asked for a moment ago.

        Raises:
            ProviderError: It can't be read.
        """
        now = self._clock.now()
        if self._asked_anew is None or self._asked_anew <= now - PAUSE:
            self._asked_anew, self._kept = now, None
        return self.value()

    def _taken(self) -> _Read[_Value]:
        try:
            return _Read(self._read(), self._clock.now() + KEPT)
        except ProviderError as error:
            return _Read(error, self._clock.now() + REST)
