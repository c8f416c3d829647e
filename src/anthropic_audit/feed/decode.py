"""From the bytes of an answer to activities, each with its own bytes as received."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from anthropic_audit.errors import FeedBusyError, FeedContractError
from anthropic_audit.model import Activity
from anthropic_audit.times import EPOCH

UNKNOWN_TYPE = "unknown"
"""The type of an activity that names none."""


class _Envelope(msgspec.Struct, frozen=True, gc=False):
    data: list[msgspec.Raw]
    has_more: bool
    first_id: str | None = None
    last_id: str | None = None


class _Head(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    created_at: datetime
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


def decode_body(body: bytes) -> Body:
    """Read an answer; what can't be understood of one activity never hides the others.

    Raises:
        FeedBusyError: The body is cut off or no JSON: asking again may help.
        FeedContractError: The body is JSON of a shape that the contract does not know.
    """
    try:
        envelope = _envelope.decode(body)
    except msgspec.ValidationError as error:
        message = f"the answer has a shape that the contract does not know: {error}"
        raise FeedContractError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"the answer is cut off or no JSON: {error}"
        raise FeedBusyError(message) from error
    return Body(
        tuple(decode_activity(bytes(raw)) for raw in envelope.data),
        envelope.has_more,
        envelope.first_id,
        envelope.last_id,
    )


def decode_activity(raw: bytes) -> Activity:
    """Read of one activity what is needed to keep it; unreadable parts are stood in for, and marked.

    An id that is missing becomes `sha256-<digest>` (the same bytes get the same id), a time that is missing 1970.
    """
    digest = sha256(raw)
    try:
        head = _head.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _salvage(raw, digest.digest())
    created_at = _utc(head.created_at)
    if not head.id or created_at is None:
        return _salvage(raw, digest.digest())
    return Activity(head.id, head.type, created_at, head.organization_id, raw, digest.digest())


def _salvage(raw: bytes, digest: bytes) -> Activity:
    try:
        read = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        read = None
    members: dict[str, object] = read if isinstance(read, dict) else {}
    organization = _text(members.get("organization_id"))
    return Activity(
        id=_text(members.get("id")) or f"sha256-{digest.hex()}",
        type=_text(members.get("type")) or UNKNOWN_TYPE,
        created_at=_time(members.get("created_at")),
        organization_id=organization,
        raw=raw,
        sha256=digest,
        is_malformed=True,
    )


def _text(value: object) -> str | None:
    """Return a text that Parquet can hold: not empty, and free of lone surrogates."""
    return value.encode("utf-8", "replace").decode() or None if isinstance(value, str) else None


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        return EPOCH
    try:
        return _utc(datetime.fromisoformat(value)) or EPOCH
    except ValueError:
        return EPOCH


def _utc(when: datetime) -> datetime | None:
    """Return a time in UTC (one without an offset is taken as such), or None when the calendar ends before it."""
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return None
