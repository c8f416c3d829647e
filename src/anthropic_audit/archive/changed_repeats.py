"""Find activities that are received again with other bytes, and compare their content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import pyarrow as pa

from anthropic_audit.model import Received

from .schema import CHANGED

_MAX_COMPARED_BYTES = 8 * 2**20
"""Longer pairs of texts are not compared by content: they count as different."""


class StoredActivity(NamedTuple):
    """The number and digest of a stored activity, for comparing a repeat with it."""

    seq: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StoredText:
    """The stored time and text of an activity whose repeat has changed."""

    created_at: datetime
    raw: bytes


@dataclass(frozen=True, slots=True)
class ChangedRepeat:
    """An activity that was received again with other bytes than are stored."""

    kept: StoredActivity
    received: Received


def changes_among(received: Iterable[Received], kept: Mapping[str, Sequence[StoredActivity]]) -> list[ChangedRepeat]:
    """Return the activities that differ from every stored one with their id, each different text once.

    Args:
        received: The activities as received, in order.
        kept: The stored activities of each stored id, lowest number first.
    """
    found: dict[tuple[str, bytes], ChangedRepeat] = {}
    for one in received:
        stored = kept.get(one.activity.id, ())
        if stored and all(one.activity.sha256 != known.sha256 for known in stored):
            found.setdefault((one.activity.id, one.activity.sha256), ChangedRepeat(stored[0], one))
    return list(found.values())


def is_same_content(one: bytes, other: bytes) -> bool:
    """Return whether two JSON texts have equal content, and differ only in the order of members, blanks and escapes.

    Numbers are compared as they are written, and duplicate members are all compared: in doubt, texts are different.
    Texts that are not JSON, are nested too deeply or are too long are different, too.
    """
    if len(one) + len(other) > _MAX_COMPARED_BYTES:
        return False
    try:
        return bool(_content(one) == _content(other))
    except (ValueError, RecursionError):
        return False


def change_rows(changes: Sequence[ChangedRepeat], stored: Mapping[int, StoredText]) -> pa.Table:
    """Make rows of `changed_activities`; `stored` has the stored texts by sequence number."""
    return pa.Table.from_pylist(
        [
            {
                "seq": change.kept.seq,
                "feed": change.received.feed,
                "id": change.received.activity.id,
                "stored_created_at": stored[change.kept.seq].created_at,
                "stored_sha256": change.kept.sha256,
                "created_at": change.received.activity.created_at,
                "sha256": change.received.activity.sha256,
                "is_same_content": is_same_content(stored[change.kept.seq].raw, change.received.activity.raw),
                "raw": change.received.activity.raw,
                "received_at": change.received.received_at,
                "request_id": change.received.request_id,
                "walk_id": change.received.walk_id,
            }
            for change in changes
        ],
        schema=CHANGED.schema,
    )


def _content(text: bytes) -> Any:  # noqa: ANN401 - JSON
    return json.loads(
        text,
        object_pairs_hook=lambda members: {"object": sorted(members, key=itemgetter(0))},
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits),
        parse_constant=lambda name: ("number", name),
    )
