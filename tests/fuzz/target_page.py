"""Decoding a page of the Activity Feed: every page that a JSON parser reads is decoded, or our own error is raised."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

from anthropic_audit.errors import AuditError
from anthropic_audit.feed.decode import decode_body

Json = Any

IS_JSON: Final = True
SHORT_RUNS: Final = 3_000
TOKENS: Final = (b'"data":[', b'"has_more":', b'"first_id":', b'"last_id":', b'"id":', b'"created_at":', b"}, {", b"]}")

_MEMBERS: Final = {"data", "has_more", "first_id", "last_id"}


def check(data: bytes) -> None:
    """Decode a body."""
    expected = activities_in(data)
    try:
        body = decode_body(data)
    except AuditError as error:
        assert expected is None, f"refused a page that a JSON parser reads: {error}"
        return
    if expected is not None:
        assert len(body.activities) == expected, "another number of activities"
    for one in body.activities:
        assert one.sha256 == sha256(one.raw).digest(), "a digest of other bytes"
        assert one.raw in data, "bytes that were not received"
        assert one.id, "no id"
        one.id.encode()
        one.type.encode()
        (one.organization_id or "").encode()
        assert one.created_at.utcoffset() is not None, "a time without a zone"


def activities_in(data: bytes) -> int | None:
    """Return the number of activities of a valid page; None for a body that may be refused."""

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        page = json.loads(data.decode(), object_pairs_hook=members)
    except (ValueError, RecursionError):
        return None
    if not isinstance(page, dict) or set(page) != _MEMBERS or not isinstance(page["has_more"], bool):
        return None
    if not all(page[name] is None or isinstance(page[name], str) for name in ("first_id", "last_id")):
        return None
    activities = page["data"]
    is_plain = isinstance(activities, list) and all(isinstance(one, dict) for one in activities)
    return len(activities) if is_plain else None
