"""Bounds on what comes from outside; docs/reference/limits.md and bounds.md tell of them.

What exceeds a bound is kept as received, as text or in another place, and flagged; nothing is dropped.
"""

from __future__ import annotations

from typing import Final

MAX_ACTIVITY_BYTES: Final = 8 * 2**20
"""Bytes of an activity that is normalized in full; of a larger one, the event has id, type and time only."""

MAX_DEPTH: Final = 17
"""Levels of objects and lists that are kept as such; what is deeper is kept as its text."""

MAX_DOCUMENT_DEPTH: Final = MAX_DEPTH + 4
"""Levels of a document: itself, `anthropic`, `audit` and `metadata`, and what an activity may have."""

MAX_INTEGER_DIGITS: Final = 300
"""Digits of an integer that is kept as a number (a double holds no longer one); a longer one is kept as text."""

MAX_NAME_CHARS: Final = 256
"""Characters of a field's name that nobody has documented; a longer name is shortened, and kept in full beside it."""

MAX_REMEMBERED_CHARS: Final = 4_096
"""Length of a value that is remembered between activities (an actor, a URL, a user agent, a type's name)."""

MAX_PARSED_CHARS: Final = 4_096
"""Length of a user agent that is looked up; a longer one is kept and not understood."""

MAX_ADDRESS_CHARS: Final = 256
"""Length of a text that is read as an IP address."""
