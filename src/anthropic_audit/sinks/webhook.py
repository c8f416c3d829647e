"""Delivery to a webhook: batches by POST, signed if the settings want it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256

from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret
from anthropic_audit.settings import HttpSink

from .http_client import WebClient

_CREATED = Verdict(Fate.CREATED)
_CONTENT_TYPES = {"ndjson": "application/x-ndjson", "json": "application/json"}
SIGNATURE = "x-anthropic-audit-signature"
"""Header with `sha256=` and the HMAC-SHA256 of the body before compression, in hexadecimal digits."""


class WebhookTarget:
    """A URL that accepts batches of events.

    Each request has an `Idempotency-Key`, the same for the same events, by which a receiver can recognize repeats.
    """

    def __init__(self, settings: HttpSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._is_ndjson = settings.body == "ndjson"
        self._signing_key = secret.reveal().encode() if secret and settings.auth == "hmac" else None
        headers = {**settings.headers, "content-type": _CONTENT_TYPES[settings.body]}
        if secret and settings.auth == "bearer":
            headers["authorization"] = f"Bearer {secret.reveal()}"
        self._client = WebClient(settings, settings.url, headers, compress=settings.compress, check=check)

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events in one request; the target accepts all of them or none.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The events were not accepted.
        """
        texts = [parcel.document for parcel in parcels]
        body = ("\n".join([*texts, ""]) if self._is_ndjson else f"[{','.join(texts)}]").encode()
        headers = {"idempotency-key": sha256("\n".join(parcel.id for parcel in parcels).encode()).hexdigest()}
        if self._signing_key is not None:
            headers[SIGNATURE] = f"sha256={hmac.digest(self._signing_key, body, 'sha256').hex()}"
        self._client.post(body, headers)
        return [_CREATED] * len(parcels)

    def present(self, _: Sequence[Parcel]) -> AbstractSet[str]:
        """Return no ids: a webhook can't be searched."""
        return frozenset()

    def close(self) -> None:
        """Close connections."""
        self._client.close()
