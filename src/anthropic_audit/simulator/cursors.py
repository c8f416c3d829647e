"""Opaque cursors: a position in the feed, with a keyed hash that reveals a foreign or damaged cursor."""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b

from .http import bad_request

Key = tuple[int, bytes]
"""The sort key of an activity: microseconds since the epoch, and the id, which breaks ties."""

_HEAD = struct.Struct(">BHq")
_VERSION = 1
_SEAL_BYTES = 9


@dataclass(frozen=True, slots=True)
class CursorSeal:
    """Issue and read the cursors of one organization.

    The secret depends on the seed alone, so a cursor outlives a restart of the server and every key. Cursors that were
    issued in a generation before the current one are no longer accepted.
    """

    secret: bytes

    def issue(self, key: Key, generation: int) -> str:
        """Return the cursor of a position."""
        payload = _HEAD.pack(_VERSION, generation, key[0]) + key[1]
        return urlsafe_b64encode(self._seal(payload) + payload).decode().rstrip("=")

    def read(self, text: str, generation: int) -> Key:
        """Return the position of a cursor.

        Raises:
            RefusalError: The cursor is damaged, of another organization, or no longer valid (400).
        """
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except ValueError as error:
            message = "Invalid cursor"
            raise bad_request(message) from error
        payload = sealed[_SEAL_BYTES:]
        canonical = urlsafe_b64encode(sealed).decode().rstrip("=")
        if len(payload) < _HEAD.size or canonical != text or sealed[:_SEAL_BYTES] != self._seal(payload):
            message = "Invalid cursor"
            raise bad_request(message)
        version, issued, created_us = _HEAD.unpack_from(payload)
        if version != _VERSION or issued < generation:
            message = "Cursor is no longer valid"
            raise bad_request(message)
        return created_us, payload[_HEAD.size :]

    def _seal(self, payload: bytes) -> bytes:
        return blake2b(payload, digest_size=_SEAL_BYTES, key=self.secret).digest()
