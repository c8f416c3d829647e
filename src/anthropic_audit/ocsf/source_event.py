"""The event that is translated to OCSF, and the original text of its activity's time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from anthropic_audit.documents import value_at
from anthropic_audit.ecs.lenient_json import read_leniently
from anthropic_audit.ecs.limits import MAX_ACTIVITY_BYTES
from anthropic_audit.timestamps import read_timestamp

from .model import Json, OcsfRules
from .unmapped import Remainder, is_number, is_text


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """The input of all parts of a translation."""

    rules: OcsfRules
    rest: Remainder
    audit: Mapping[str, Json]
    """`anthropic.audit` of the document; it is kept whole in `unmapped`, so nothing is taken from it."""
    operation: str
    """The activity's type, or `unknown`."""
    identity: str | None
    tenant: str | None
    """The organization's UUID."""
    original_time: str | None
    """`created_at` of the activity as received, or None."""
    message: str
    """The sentence that describes the event."""

    def text(self, path: str) -> str | None:
        """Return the text (or the integer, as text) of a field of the activity, wherever the document stores it."""
        for members in (self.audit, self.audit.get("metadata")):
            value = value_at(members, path)
            if is_text(value):
                return str(value)
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        moved = self.rest.see(path)
        return moved if is_text(moved) else None


class _ActivityTime(msgspec.Struct):
    created_at: Json = None


_decode = msgspec.json.Decoder(_ActivityTime).decode


def original_time(audit: Mapping[str, Json], raw: bytes | str | None) -> str | None:
    """Return `created_at` as received, or None when neither a document nor the received bytes have it.

    Args:
        audit: `anthropic.audit` of the document; its `metadata.created_at` is a time in an unusual format, an
            implausible time, or not a time.
        raw: The activity as received, or None.
    """
    set_aside = value_at(audit, "metadata.created_at")
    if is_text(set_aside) or is_number(set_aside):
        return str(set_aside)
    received = _created_at(raw) if raw else None
    return received if isinstance(received, str) and read_timestamp(received) is not None else None


def _created_at(raw: bytes | str) -> Json:
    try:
        return _decode(raw).created_at
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        if len(raw) > MAX_ACTIVITY_BYTES:
            return None
        lenient = read_leniently(raw.encode("utf-8", "backslashreplace") if isinstance(raw, str) else raw)
        return None if isinstance(lenient, str) else lenient.activity.get("created_at")
