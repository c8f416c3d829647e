"""From an HTTP status to what it asks of us (Compliance API, Errors); decided by status and `error.type` only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from anthropic_audit.errors import AuditError, FeedBusyError, FeedContractError, FeedDeniedError, FeedRefusedError
from anthropic_audit.redact import redact

_LONGEST_MESSAGE = 500
_KEY_ADVICE = "use a Compliance Access Key or an Admin API key that was made after the Compliance API was enabled"
_DENIALS = {
    HTTPStatus.UNAUTHORIZED: "the key is unknown, disabled or revoked: put a new one where the feed reads it",
    HTTPStatus.FORBIDDEN: f"the key lacks the scope `read:compliance_activities`: {_KEY_ADVICE}",
    HTTPStatus.NOT_FOUND: f"no key arrived, or one of a kind that can't read the Activity Feed: {_KEY_ADVICE}",
}


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, without its success: status, headers with lower-case names, and the body of an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def refusal(answer: Answer) -> AuditError | None:
    """Say what an answer asks of us; None is a yes."""
    if answer.status == HTTPStatus.OK:
        return None
    said = _said(answer)
    if answer.status in _DENIALS:
        return FeedDeniedError(said, hint=_DENIALS[HTTPStatus(answer.status)])
    if answer.status == HTTPStatus.BAD_REQUEST:
        return FeedRefusedError(said, hint="compare the feed's filters with the documentation of the Activity Feed")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _busy(answer, said)
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return FeedContractError(said, hint="redirects are never followed, for the key's sake: check the url")
    return FeedContractError(said, hint="check the feed's url, and ask Anthropic with the request-id if it is right")


def _busy(answer: Answer, said: str) -> AuditError:
    if answer.headers.get("x-should-retry", "").lower() == "false":
        return FeedContractError(said, hint="the API says that asking again won't help: send Anthropic the request-id")
    return FeedBusyError(said, retry_after=_seconds(answer.headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _said(answer: Answer) -> str:
    """Quote status, the API's own words and the request-id, without what could be a key."""
    try:
        problem = msgspec.json.decode(answer.body, type=_ErrorBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    words = redact(": ".join(filter(None, (problem.type, problem.message)))[:_LONGEST_MESSAGE])
    request_id = answer.headers.get("request-id", "none")
    return f"the feed answered {answer.status}{f' ({words})' if words else ''}, request-id: {request_id}"
