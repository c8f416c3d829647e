"""Translate HTTP responses into errors (Compliance API, Errors); status and `error.type` alone decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from anthropic_audit.errors import AuditError, FeedBusyError, FeedContractError, FeedDeniedError, FeedRefusedError
from anthropic_audit.redact import redact
from anthropic_audit.retry_after import retry_after_seconds
from anthropic_audit.times import EPOCH

MAX_REQUEST_ID_CHARS: Final = 128
"""A longer `request-id` is cut."""

_MAX_MESSAGE_CHARS: Final = 500
_MAX_QUOTED_BYTES: Final = 4_000
_MAX_QUOTED_CHARS: Final = 120
_KEY_ADVICE = "use a Compliance Access Key or an Admin API key that was created after the Compliance API was enabled"
_DENIALS: Final = {
    HTTPStatus.UNAUTHORIZED: "the key is unknown, disabled or revoked: put a new key where the feed reads it",
    HTTPStatus.FORBIDDEN: f"the key lacks the scope `read:compliance_activities`: {_KEY_ADVICE}",
    HTTPStatus.NOT_FOUND: f"the key did not arrive, or its kind can't read the Activity Feed: {_KEY_ADVICE}",
}
_PASSING: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Client errors (4xx) that may be repeated (RFC 9110, RFC 8470); a GET changes nothing, so repeating it is safe."""
_REDIRECT_HINT = (
    "redirects are never followed, to protect the key: check the feed's url, and whether a login page answers"
)
_STRANGE_HINT = "check the feed's url; if it is right, send Anthropic the request-id"
_BETWEEN_HINT = "ask the operator of the proxy or firewall to let requests to the feed's url through, unchanged"
_MARKUP: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>|<[^>]*$", re.DOTALL | re.IGNORECASE)


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Problem


@dataclass(frozen=True, slots=True)
class FeedResponse:
    """A response: its status, its headers with lower-case names, and the body of an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime = EPOCH
    via: str = ""
    """The proxy that the request went through, as messages name it; empty without a proxy."""

    @property
    def problem(self) -> _Problem | None:
        """The error in the API's own format, or None."""
        try:
            return msgspec.json.decode(self.body, type=_ErrorBody).error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @property
    def is_from_api(self) -> bool:
        """True when the API itself has answered: its responses have a `request-id`, or an error in its own format."""
        return "request-id" in self.headers or self.problem is not None


def refusal(answer: FeedResponse) -> AuditError | None:
    """Return the error that a response means, or None for status 200."""
    status = answer.status
    if status == HTTPStatus.OK:
        return None
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _busy(answer)
    if status == HTTPStatus.BAD_REQUEST and answer.is_from_api:
        hint = "compare the feed's filters with the documentation of the Activity Feed"
        return FeedRefusedError(_message(answer), hint=hint)
    denial = _denial(answer)
    if denial is not None:
        return FeedDeniedError(_message(answer), hint=denial)
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return FeedContractError(_message(answer), hint=_REDIRECT_HINT if is_redirect else _STRANGE_HINT)


def _denial(answer: FeedResponse) -> str | None:
    """Return the hint for a response that denies access, or None for any other response."""
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy requires a user name and a password: set them in proxy_url, or in the variable that names it"
    if not answer.is_from_api and answer.status >= HTTPStatus.BAD_REQUEST:
        return _BETWEEN_HINT
    return _DENIALS[HTTPStatus(answer.status)] if answer.status in _DENIALS else None


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the `request-id` of a response, cut to `MAX_REQUEST_ID_CHARS`, or None."""
    request_id = headers.get("request-id")
    return None if request_id is None else request_id[:MAX_REQUEST_ID_CHARS]


def first_words(body: bytes) -> str:
    """Return the first words of a body that is not from the API, without markup and with possible keys redacted."""
    text = _MARKUP.sub(" ", body[:_MAX_QUOTED_BYTES].decode("utf-8", "replace"))
    return redact(" ".join(text.split()))[:_MAX_QUOTED_CHARS]


def _busy(answer: FeedResponse) -> AuditError:
    message = _message(answer)
    if answer.headers.get("x-should-retry", "").lower() == "false":
        hint = "the API says that a retry won't help: send Anthropic the request-id"
        return FeedContractError(message, hint=hint)
    return FeedBusyError(message, retry_after=retry_after_seconds(answer.headers, answer.received_at))


def _message(answer: FeedResponse) -> str:
    """Return a message with the status, the API's own words and the request-id; possible keys are redacted."""
    problem = answer.problem or _Problem()
    words = redact(": ".join(filter(None, (problem.type, problem.message)))[:_MAX_MESSAGE_CHARS])
    if answer.is_from_api:
        request_id = request_id_of(answer.headers) or "none"
        return f"the feed answered {answer.status}{f' ({words})' if words else ''}, request-id: {request_id}"
    kind = redact(answer.headers.get("content-type", "").partition(";")[0].strip()[:_MAX_QUOTED_CHARS])
    words = first_words(answer.body)
    quoted = f" ({': '.join(filter(None, (kind, words)))})" if words else ""
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _PASSING:
        via = f", through {answer.via}" if answer.via else ""
        return f"a proxy or firewall answered {answer.status} in place of the API{quoted}{via}, request-id: none"
    return f"the feed answered {answer.status}{quoted}, request-id: none"
