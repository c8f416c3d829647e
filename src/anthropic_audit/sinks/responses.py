"""Errors for the responses of targets that speak HTTP, by status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from anthropic_audit.clock_difference import validity_hint
from anthropic_audit.errors import AuditError, SinkBusyError, SinkDeniedError, SinkRefusedError
from anthropic_audit.redact import redact
from anthropic_audit.retry_after import retry_after_seconds

MISSING = 404
_DENIED = {
    401: "the target does not accept the credentials: check the key, the password or the token",
    403: "the credentials lack permissions: grant the key those that docs/guides/sinks.md lists",
    MISSING: "the address does not exist: check it, or run `anthropic-audit sinks setup` for a data stream",
    407: "a proxy requires authentication",
}
_BUSY = (408, 425, 429)
_SERVER_ERROR = 500
_MAX_REASON_CHARS = 500


def reason_of(body: object) -> str:
    """Return an error of Elasticsearch or OpenSearch as text: its type, its reason, and the innermost cause."""
    error = body.get("error") if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return str(error)
    text_parts = [str(error.get("type", "")), str(error.get("reason", ""))]
    cause = error
    while isinstance(cause.get("caused_by"), Mapping):
        cause = cause["caused_by"]
    if cause is not error:
        text_parts.append(str(cause.get("reason", "")))
    return ": ".join(filter(None, dict.fromkeys(text_parts)))


def refusal(sink: str, status: int, reason: str, headers: Mapping[str, str]) -> AuditError:
    """Return the error for a response: busy (retry), denied (an operator has to act), or refused (split or reject)."""
    text = redact(" ".join(reason.split()))[:_MAX_REASON_CHARS]
    message = f"sink {sink}: the target answered {status}: {text}"
    if status in _BUSY or status >= _SERVER_ERROR or status == 0:
        return SinkBusyError(message, retry_after=retry_after_seconds(headers, datetime.now(UTC)))
    if status in _DENIED:
        return SinkDeniedError(message, status=status, hint=_DENIED[status])
    return SinkRefusedError(message, status=status)


def no_answer(sink: str, problem: str, check: str = "urls") -> SinkBusyError:
    """Return the error for a request without a response.

    Args:
        sink: The sink's name.
        problem: The HTTP library's message.
        check: The names of the settings with the target's address, for the hint.
    """
    hint = f"check {check}, certificates and the network" + validity_hint(problem, datetime.now(UTC))
    return SinkBusyError(f"sink {sink}: no answer: {redact(problem)}", hint=hint)
