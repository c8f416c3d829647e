"""Bounds on received values; docs/reference/limits.md and bounds.md list them.

A value that exceeds a bound is stored as received, as text or in another field, and flagged; nothing is dropped.
"""

from __future__ import annotations

from typing import Final

MAX_ACTIVITY_BYTES: Final = 8 * 2**20
"""Upper bound on the bytes of an activity that is normalized in full; a larger one has only id, type and time."""

MAX_DEPTH: Final = 17
"""Upper bound on the levels of objects and lists; deeper values are stored as their JSON text."""

MAX_DOCUMENT_DEPTH: Final = MAX_DEPTH + 4
"""Upper bound on the levels of a document: itself, `anthropic`, `audit` and `metadata`, and those of an activity."""

MAX_INTEGER_DIGITS: Final = 300
"""Upper bound on the digits of an integer (a double holds no longer one); a longer integer is stored as text."""

MAX_NAME_CHARS: Final = 256
"""Upper bound on the characters of an undocumented field's name; a longer name is replaced by a digest."""

MAX_REMEMBERED_CHARS: Final = 4_096
"""Upper bound on the characters of a value that is cached (an actor, a URL, a user agent, a type's name)."""

MAX_PARSED_CHARS: Final = 4_096
"""Upper bound on the characters of a user agent that is parsed; a longer one is only stored."""

MAX_ADDRESS_CHARS: Final = 256
"""Upper bound on the characters of a text that is read as an IP address."""
