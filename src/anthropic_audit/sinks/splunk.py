"""Delivery to Splunk's HTTP Event Collector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any

import orjson

from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret
from anthropic_audit.settings import SplunkHecSink

from .http_client import WebClient

_CREATED = Verdict(Fate.CREATED)
_PATH = "/services/collector/event"


class SplunkTarget:
    """A collector; it accepts all events of a request or none, and does not recognize repeats."""

    def __init__(self, settings: SplunkHecSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._envelope: dict[str, Any] = {"sourcetype": settings.sourcetype, "source": "anthropic-audit"}
        if settings.index:
            self._envelope["index"] = settings.index
        headers = {"authorization": f"Splunk {secret.reveal() if secret else ''}"}
        self._client = WebClient(settings, settings.url.rstrip("/") + _PATH, headers, compress=True, check=check)

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events in one request, one after the other in its body.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The events were not accepted.
        """
        self._client.post(b"".join(chain.from_iterable((self._event(parcel), b"\n") for parcel in parcels)), {})
        return [_CREATED] * len(parcels)

    def present(self, _: Sequence[Parcel]) -> AbstractSet[str]:
        """Return no ids: a collector can't be searched."""
        return frozenset()

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _event(self, parcel: Parcel) -> bytes:
        time = f"{parcel.timestamp.timestamp():.3f}"
        return orjson.dumps({**self._envelope, "time": time, "event": orjson.Fragment(parcel.document)})
