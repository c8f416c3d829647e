"""From the bytes of an answer to activities, each with its own bytes as received."""

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
"""The type of an activity that names none."""

MAX_ID_CHARS = 1_000
"""Longer ids, types and organization ids are taken for unreadable."""

MAX_CURSOR_CHARS = 4_000
"""Longer cursors (`first_id`, `last_id`) are not used: they would not fit into the next request's address."""

_MAX_WORDS_CHARS = 200
_FAILING = 400
"""An answer whose body tells a status from here on is an error."""
_TRANSIENT = frozenset({"api_error", "overloaded_error", "rate_limit_error", "timeout_error"})
_ERROR_MEMBERS: tuple[str, ...] = ("type", "error", "errors", "status")
_HEAD_MEMBERS = frozenset({"id", "type", "created_at", "organization_id"})
_MAX_CHECKED_BYTES = 16 * 2**20
"""A larger activity that is not read at once counts as malformed without a closer look, which would cost memory."""
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
    """What an answer of the Activity Feed holds."""

    activities: tuple[Activity, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
    problem: str | None = None
    """Why the answer proves nothing although it has activities: an error beside them, or members that are missing."""


def decode_body(body: bytes) -> Body:
    """Read an answer; what can't be understood of one activity never hides the others.

    A body that a JSON parser refuses for what is inside of an activity (a lone surrogate escape, `NaN`, a raw control
    character, deep nesting, broken quotes) is split by its brackets and quotes: each activity keeps its bytes.

    Raises:
        FeedBusyError: The body is cut off or no JSON, or an error that passes: asking again may help.
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
    told: dict[str, object] = {
        "type": read.type,
        "error": read.error,
        "errors": read.errors,
        "status": read.status,
    }
    problem = _problem(told, is_empty=not raws) if any(told.values()) else None
    return Body(
        tuple(map(decode_activity, raws)),
        read.has_more,
        _cursor(read.first_id),
        _cursor(read.last_id),
        problem,
    )


def decode_activity(raw: bytes) -> Activity:
    """Read of one activity what is needed to keep it; unreadable parts are stood in for, and marked.

    An id that is missing becomes `sha256-<digest>` (the same bytes get the same id), a time that is missing, unreadable
    or implausible (before 2020 or after 2099) becomes 1970. A time's digits behind the microseconds are cut.
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
    """Read what can be read; the activity is malformed if its id, type or time had to be stood in for."""
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
    """Return a text that Parquet can hold and that is no longer than a name; lone surrogates are written as escapes."""
    text = text_of(value)
    if not text or len(text) > MAX_ID_CHARS:
        return None
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(value: bytes | None) -> datetime | None:
    """Return the moment that `created_at` means, or None when it means none or an implausible one."""
    if value is None:
        return None
    try:
        told = _LOOSE.decode(value.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    read = read_timestamp(told)
    return read.moment if read is not None and MIN_PLAUSIBLE <= read.moment < MAX_PLAUSIBLE else None


def _without_mark(body: bytes) -> bytes:
    """Return a body without its byte order mark.

    Raises:
        FeedContractError: It is written in UTF-16.
    """
    if body.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        message = "the answer is encoded in UTF-16, and the contract says JSON in UTF-8"
        raise FeedContractError(message, hint="something between us and the API rewrites answers: check proxy_url")
    return body.removeprefix(BOM_UTF8)


def _has_members_twice(body: bytes, raws: list[bytes]) -> bool:
    """Say whether `data` or `has_more` occurs twice around the activities, of which a parser believes the last."""
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
        message = f"the answer is cut off or no JSON: {unbalanced}{_words_of(body)}"
        raise FeedBusyError(message, hint="see what answers there: a proxy, a firewall or a login page?") from error
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
    """Say what is wrong with a page's own members, or None."""
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
    told = {name: _loosely(members[name]) for name in _ERROR_MEMBERS if name in members}
    return _problem(told, is_empty=not envelope.elements)


def _problem(told: dict[str, object], *, is_empty: bool) -> str | None:
    """Say what an error object tells beside `data`, or None when it is none.

    Raises:
        FeedBusyError: There is nothing beside it, and it passes.
        FeedContractError: There is nothing beside it, and it does not.
    """
    status = told.get("status")
    is_failing = isinstance(status, int) and not isinstance(status, bool) and status >= _FAILING
    said = told.get("error") or told.get("errors")
    if not said and told.get("type") != "error" and not is_failing:
        return None
    kind = said.get("type") if isinstance(said, dict) else None
    words = redact(json.dumps(said or told, default=str)[:_MAX_WORDS_CHARS])
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
    """Return a cursor that can be sent, or None."""
    if not text or len(text) > MAX_CURSOR_CHARS:
        return None
    return text.encode("utf-8", "backslashreplace").decode()


def _words_of(body: bytes) -> str:
    """Quote the first words of a body that is no page."""
    words = redact(" ".join(body[:_MAX_WORDS_CHARS].decode("utf-8", "replace").split()))
    return f" (it begins: {words})" if words else ""
