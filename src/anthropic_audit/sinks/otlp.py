"""Delivery as OpenTelemetry logs: OTLP over HTTP in JSON encoding (OTLP specification 1.x)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import orjson

from anthropic_audit.errors import SinkRefusedError
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret
from anthropic_audit.settings import OtlpSink

from .http_client import WebClient

_CREATED = Verdict(Fate.CREATED)
_INFO = 9
"""`SEVERITY_NUMBER_INFO`, for all records."""
_NANOSECONDS = 1000
_LONG = 2**63
_LONG_NUMBER = re.compile(r"[0-9]{19}")
"""Digits of a number that the fast parser may round."""


class OtlpTarget:
    """A receiver of logs; the body of a record is the event, and its attribute `event.id` identifies repeats."""

    def __init__(self, settings: OtlpSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._name = settings.name
        self._resource = {"attributes": [_attribute("service.name", settings.service_name)]}
        headers = {**settings.headers, "content-type": "application/json"}
        if secret:
            headers["authorization"] = f"Bearer {secret.reveal()}"
        self._client = WebClient(settings, settings.url, headers, compress=True, check=check)

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events in one request.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The events were not accepted.
        """
        scope = {"scope": {"name": "anthropic-audit"}, "logRecords": [_record(parcel) for parcel in parcels]}
        body = {"resourceLogs": [{"resource": self._resource, "scopeLogs": [scope]}]}
        self._check(self._client.post(orjson.dumps(body), {}), len(parcels))
        return [_CREATED] * len(parcels)

    def present(self, _: Sequence[Parcel]) -> AbstractSet[str]:
        """Return no ids: a receiver can't be searched."""
        return frozenset()

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _check(self, answer: bytes, number: int) -> None:
        """Raise SinkRefusedError if records were rejected (`partialSuccess`), so that the batch is split."""
        try:
            partial = orjson.loads(answer).get("partialSuccess") or {}
        except (ValueError, AttributeError):
            return
        refused = int(partial.get("rejectedLogRecords") or 0)
        if refused:
            message = f"sink {self._name}: {refused} of {number} refused: {partial.get('errorMessage', '')}"
            raise SinkRefusedError(message)


def _record(parcel: Parcel) -> dict[str, Any]:
    nanoseconds = str(max(0, round(parcel.timestamp.timestamp() * 1_000_000) * _NANOSECONDS))
    read = json.loads if _LONG_NUMBER.search(parcel.document) else orjson.loads
    return {
        "timeUnixNano": nanoseconds,
        "severityNumber": _INFO,
        "severityText": "INFO",
        "eventName": "anthropic.audit",
        "body": _value(read(parcel.document)),
        "attributes": [_attribute("event.id", parcel.id)],
    }


def _attribute(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {"key": name, "value": _value(value)}


def _value(value: Any) -> dict[str, Any]:  # noqa: ANN401, PLR0911 - any JSON value; a case each
    """Return a value as an OTLP `AnyValue`."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)} if -_LONG <= value < _LONG else {"stringValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
        case dict():
            return {"kvlistValue": {"values": [_attribute(name, one) for name, one in value.items()]}}
        case _:
            return {}
