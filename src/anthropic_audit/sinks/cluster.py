"""What a sink can do beyond taking events, when it is a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from anthropic_audit.ports import Sink

from .bulk import Hit


class Cluster(Sink, Protocol):
    """A sink that can be set up, and compared with the archive."""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:  # noqa: ANN401 - JSON
        """Send a request of administration, and return its answer, None for 404.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not do it.
        """
        ...

    def hits_between(self, start: datetime, end: datetime) -> Iterator[Hit]:
        """Yield every event from `start` on and before `end`, oldest first.

        Raises:
            SinkBusyError, SinkDeniedError: The cluster can't be asked.
        """
        ...
