"""Document ids of events in a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

MAX_ID_BYTES: Final = 512
"""Elasticsearch and OpenSearch refuse a whole bulk request for one `_id` of more bytes of UTF-8."""

DIGEST: Final = "~sha256-"


def target_id(identity: str) -> str:
    """Return an event's `_id`: its own id, or `~sha256-<digest>` if clusters don't accept it; `event.id` has it whole.

    An id that begins with `~sha256-` is digested as well, so that two ids never get the same `_id`.
    """
    size = len(identity) if identity.isascii() else len(identity.encode("utf-8", "surrogatepass"))
    if 0 < size <= MAX_ID_BYTES and not identity.startswith(DIGEST):
        return identity
    return DIGEST + sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def by_target_id(identities: Iterable[str]) -> dict[str, str]:
    """Return events' own ids by their `_id`."""
    return {target_id(identity): identity for identity in identities}
