"""A data stream of a cluster, as a sink that can also be searched and set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from anthropic_audit.errors import SinkDeniedError
from anthropic_audit.model import Parcel, Verdict
from anthropic_audit.network import nothing

from . import bulk
from .responses import MISSING

Hit = bulk.StoredDocument


class Cluster:
    """One data stream, independent of the client; safe to be used by several threads."""

    def __init__(self, api: bulk.Api, check: Callable[[], None] = nothing) -> None:
        self._api = api
        self._check = check

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events in one bulk request, and return the verdict of each.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The request failed; it is unknown whether events arrived.
        """
        with self._translated():
            return bulk.verdicts(self._api.bulk(bulk.actions(parcels), len(parcels)))

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that are in the stream already.

        Raises:
            SinkBusyError, SinkDeniedError: The search failed.
        """
        with self._translated():
            return bulk.present(self._api, parcels)

    def hits_between(self, start: datetime, end: datetime) -> Iterator[Hit]:
        """Yield every event from `start` (included) to `end` (excluded), oldest first.

        Raises:
            SinkBusyError, SinkDeniedError: A search failed.
        """
        with self._translated():
            yield from bulk.hits_between(self._api, start, end)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:  # noqa: ANN401 - JSON
        """Send an administrative request, and return the body of its response; None for status 404.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not accept the request.
        """
        try:
            with self._translated():
                return self._api.ask(method, path, body)
        except SinkDeniedError as error:
            if error.status == MISSING:
                return None
            raise

    def close(self) -> None:
        """Close connections."""
        self._api.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._check()  # the clients report the operator's stop as a network error
            failure = self._api.failure(error)
            if failure is None:
                raise
            raise failure from error
