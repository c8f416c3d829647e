"""A data stream of a cluster: takes events, can be asked what it has, and can be set up."""

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
    """One data stream, by whichever client; several threads may use it at the same time."""

    def __init__(self, api: bulk.Api, check: Callable[[], None] = nothing) -> None:
        self._api = api
        self._check = check

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events by one bulk request.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: None of them may be there.
        """
        with self._translated():
            return bulk.verdicts(self._api.bulk(bulk.actions(parcels), len(parcels)))

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that are in the stream already.

        Raises:
            SinkBusyError, SinkDeniedError: It can't be said.
        """
        with self._translated():
            return bulk.present(self._api, parcels)

    def hits_between(self, start: datetime, end: datetime) -> Iterator[Hit]:
        """Yield every event from `start` on and before `end`, oldest first.

        Raises:
            SinkBusyError, SinkDeniedError: The cluster can't be asked.
        """
        with self._translated():
            yield from bulk.hits_between(self._api, start, end)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:  # noqa: ANN401 - JSON
        """Send a request of administration, and return its answer, None for 404.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not do it.
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
            self._check()  # the clients take the operator's stop for a failure of the network
            failure = self._api.failure(error)
            if failure is None:
                raise
            raise failure from error
