"""The original text of an activity's time, which a document has only in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from anthropic_audit.documents import value_at
from anthropic_audit.ecs.lenient_json import read_leniently
from anthropic_audit.ecs.limits import MAX_ACTIVITY_BYTES
from anthropic_audit.timestamps import read_timestamp

from .model import Json
from .unmapped import is_number, is_text


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
