"""Decode the body of a response into activities, each with its own bytes as received."""

from __future__ import annotations

import json
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from anthropic_audit.errors import FeedBusyError, FeedContractError
from anthropic_audit.model import Activity
from anthropic_audit.redact import redact
from anthropic_audit.times import EPOCH
from anthropic_audit.timestamps import MAX_PLAUSIBLE, MIN_PLAUSIBLE, read_timestamp

from .lenient_json import Envelope, UnbalancedError, members_of, split_page, text_of

UNKNOWN_TYPE = "unknown"
"""The type of an activity without a readable type."""

MAX_ID_CHARS = 1_000
"""Upper bound on the characters of an id, a type or an organization id; longer ones count as unreadable."""

MAX_CURSOR_CHARS = 4_000
"""Upper bound on the characters of a cursor (`first_id`, `last_id`); a longer one would not fit into a URL."""

_MAX_WORDS_CHARS = 200
_FAILING = 400
"""A `status` in a body from this number on marks the response as an error."""
_TRANSIENT = frozenset({"api_error", "overloaded_error", "rate_limit_error", "timeout_error"})
_ERROR_MEMBERS: tuple[str, ...] = ("type", "error", "errors", "status")
_HEAD_MEMBERS = frozenset({"id", "type", "created_at", "organization_id"})
_MAX_CHECKED_BYTES = 16 * 2**20
"""An activity that the fast decoder refuses is checked up to this size; a larger one counts as malformed, unchecked."""
_LOOSE = json.JSONDecoder(strict=False)


class _Envelope(msgspec.Struct, frozen=True, gc=False):
    data: list[msgspec.Raw]
    has_more: bool
    first_id: str | None = None
    last_id: str | None = None
    type: object = None
    error: object = None
    errors: object = None
    status: object = None


class _Head(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    created_at: str
    organization_id: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class Body:
    """The decoded body of a response of the Activity Feed."""

    activities: tuple[Activity, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
    problem: str | None = None
    """Why the response proves nothing although it has activities: an error next to them, or missing members."""


def decode_body(body: bytes) -> Body:
    """Decode a body; an activity that can't be read never hides the others.

    A body that a JSON parser refuses because of an activity in it (a lone surrogate escape, `NaN`, a raw control
    character, deep nesting, broken quotes) is split by its brackets and quotes: each activity keeps its bytes.

    Raises:
        FeedBusyError: The body is truncated, is not JSON, or is a temporary error: a retry may help.
        FeedContractError: The body is JSON of a shape that the contract does not know, without any activity.
    """
    body = _without_mark(body)
    try:
        read = _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _decode_leniently(body, error)
    raws = [bytes(raw) for raw in read.data]
    if _has_members_twice(body, raws):
        return _decode_leniently(body, ValueError("a member occurs twice"))
    members: dict[str, object] = {
        "type": read.type,
        "error": read.error,
        "errors": read.errors,
        "status": read.status,
    }
    problem = _problem(members, is_empty=not raws) if any(members.values()) else None
    return Body(
        tuple(map(decode_activity, raws)),
        read.has_more,
        _cursor(read.first_id),
        _cursor(read.last_id),
        problem,
    )


def decode_activity(raw: bytes) -> Activity:
    """Return an activity with the members that storing it needs; unreadable members get substitutes.

    A missing id becomes `sha256-<digest>` (the same bytes get the same id); a time that is missing, unreadable or
    implausible (before 2020 or after 2099) becomes 1970. An activity with a substitute is marked as malformed. Digits
    of a time beyond microseconds are cut off.
    """
    digest = sha256(raw).digest()
    try:
        head = _head.decode(raw)
        created_at = datetime.fromisoformat(head.created_at)
        if created_at.tzinfo not in (None, UTC):
            created_at = created_at.astimezone(UTC)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError):
        return _salvage(raw, digest)
    is_utc = created_at.tzinfo is UTC and MIN_PLAUSIBLE <= created_at < MAX_PLAUSIBLE
    if not is_utc or not head.id or not head.type or not _are_names(head.id, head.type, head.organization_id or ""):
        return _salvage(raw, digest)
    return Activity(head.id, head.type, created_at, head.organization_id, raw, digest)


def _are_names(*texts: str) -> bool:
    return max(map(len, texts)) <= MAX_ID_CHARS


def _salvage(raw: bytes, digest: bytes) -> Activity:
    """Return an activity with the members that can be read; it is malformed if its id, type or time is a substitute."""
    members = members_of(raw, _HEAD_MEMBERS)
    identity, kind = _name(members.get("id")), _name(members.get("type"))
    created_at = _moment(members.get("created_at"))
    organization = _name(members.get("organization_id"))
    is_odd = organization is None and members.get("organization_id", b"null") != b"null"
    return Activity(
        id=identity or f"sha256-{digest.hex()}",
        type=kind or UNKNOWN_TYPE,
        created_at=created_at or EPOCH,
        organization_id=organization,
        raw=raw,
        sha256=digest,
        is_malformed=is_odd or not (identity and kind and created_at) or not _is_json(raw),
    )


def _is_json(raw: bytes) -> bool:
    if len(raw) > _MAX_CHECKED_BYTES:
        return False
    try:
        raw.decode()
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _name(value: bytes | None) -> str | None:
    """Return a text that Parquet can hold, or None above `MAX_ID_CHARS`; lone surrogates are written as escapes."""
    text = text_of(value)
    if not text or len(text) > MAX_ID_CHARS:
        return None
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(value: bytes | None) -> datetime | None:
    """Return the time in `created_at`, or None when it is missing, unreadable or implausible."""
    if value is None:
        return None
    try:
        written = _LOOSE.decode(value.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    read = read_timestamp(written)
    return read.moment if read is not None and MIN_PLAUSIBLE <= read.moment < MAX_PLAUSIBLE else None


def _without_mark(body: bytes) -> bytes:
    """Return a body without its byte order mark.

    Raises:
        FeedContractError: The body is in UTF-16.
    """
    if body.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        message = "the answer is encoded in UTF-16, and the contract says JSON in UTF-8"
        raise FeedContractError(message, hint="a proxy or gateway rewrites the API's responses: check proxy_url")
    return body.removeprefix(BOM_UTF8)


def _has_members_twice(body: bytes, raws: list[bytes]) -> bool:
    """Return whether `data` or `has_more` occurs twice in the page's own members; a JSON parser would use the last."""
    if raws:
        start = body.find(raws[0])
        end = body.rfind(raws[-1])
        around = body[:start] + body[end + len(raws[-1]) :]
    else:
        around = body
    return around.count(b'"data"') > 1 or around.count(b'"has_more"') > 1


def _decode_leniently(body: bytes, error: Exception) -> Body:
    try:
        envelope = split_page(body)
    except UnbalancedError as unbalanced:
        if body[:1] == b"[" or isinstance(error, msgspec.ValidationError):
            message = f"the answer has a shape that the contract does not know: {error}"
            raise FeedContractError(message) from error
        message = f"the answer is truncated or not JSON: {unbalanced}{_words_of(body)}"
        raise FeedBusyError(message, hint="check whether a proxy, a firewall or a login page answers") from error
    read = Body(
        activities=tuple(map(decode_activity, envelope.elements)),
        has_more=envelope.members.get("has_more") != b"false",
        first_id=_cursor(text_of(envelope.members.get("first_id"))),
        last_id=_cursor(text_of(envelope.members.get("last_id"))),
        problem=_envelope_problem(envelope),
    )
    if read.problem is not None and not read.activities:
        message = f"the answer has a shape that the contract does not know: {read.problem}"
        raise FeedContractError(message) from error
    return read


def _envelope_problem(envelope: Envelope) -> str | None:
    """Return what is wrong with a page's own members, or None."""
    members = envelope.members
    for name, allowed in (("data", (b"[]",)), ("has_more", (b"true", b"false"))):
        if name in envelope.repeated:
            return f"`{name}` occurs twice"
        if name not in members:
            return f"`{name}` is missing"
        if members[name] not in allowed:
            return f"`{name}` is not {'an array' if name == 'data' else 'true or false'}"
    for name in ("first_id", "last_id"):
        if text_of(members.get(name, b"null")) is None and members.get(name, b"null") != b"null":
            return f"`{name}` is neither text nor null"
    errors = {name: _loosely(members[name]) for name in _ERROR_MEMBERS if name in members}
    return _problem(errors, is_empty=not envelope.elements)


def _problem(members: dict[str, object], *, is_empty: bool) -> str | None:
    """Return a message for an error in the page's own members, or None when they hold no error.

    Args:
        members: The members `type`, `error`, `errors` and `status`, decoded.
        is_empty: Whether the page has no activities.

    Raises:
        FeedBusyError: The page is empty, and the error is temporary.
        FeedContractError: The page is empty, and the error is not temporary.
    """
    status = members.get("status")
    is_failing = isinstance(status, int) and not isinstance(status, bool) and status >= _FAILING
    error = members.get("error") or members.get("errors")
    if not error and members.get("type") != "error" and not is_failing:
        return None
    kind = error.get("type") if isinstance(error, dict) else None
    words = redact(json.dumps(error or members, default=str)[:_MAX_WORDS_CHARS])
    message = f"the answer is an error, with status 200: {words}"
    if is_empty and kind in _TRANSIENT:
        raise FeedBusyError(message)
    if is_empty:
        raise FeedContractError(message, hint="send Anthropic the request-id, or check what answers at the feed's url")
    return message


def _loosely(value: bytes) -> object:
    try:
        return _LOOSE.decode(value.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return value.decode("utf-8", "replace")


def _cursor(text: str | None) -> str | None:
    """Return a cursor as it can be sent, or None when it is empty or longer than `MAX_CURSOR_CHARS`."""
    if not text or len(text) > MAX_CURSOR_CHARS:
        return None
    return text.encode("utf-8", "backslashreplace").decode()


def _words_of(body: bytes) -> str:
    """Return a quotation of the first words of a body that is not a page."""
    words = redact(" ".join(body[:_MAX_WORDS_CHARS].decode("utf-8", "replace").split()))
    return f" (it begins: {words})" if words else ""
