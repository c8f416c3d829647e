"""Bounds of what a page shows: an activity of many megabytes must not become a page of as many."""

from __future__ import annotations

from typing import Any, Final

import orjson

MAX_VALUE_CHARS: Final = 2_000
"""Longest value that a table or list of a page shows."""

MAX_TEXT_CHARS: Final = 200_000
"""Longest text that a page shows as a whole: an ECS document, received bytes."""

MAX_FIELDS: Final = 1_000
"""Most fields of one event that a page lists."""

MAX_LINKED_CHARS: Final = 1_000
"""Longest value that becomes a link or a query: addresses are bounded by `MAX_TARGET_BYTES`."""

MAX_FIELD_DEPTH: Final = 32
"""Levels of objects that a page takes apart; what lies deeper is shown as text."""


TOO_DEEP: Final = "(nested too deeply to show)"
"""What stands for a value that no encoder of JSON descends into."""


def cut(text: str, most: int = MAX_VALUE_CHARS) -> str:
    """Return a text, cut to so many characters with the number of those that are left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def cut_value(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value as a page shows it: texts are cut, and long lists and objects become a cut text."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, (dict, list)):
        text = as_text(value)
        return cut(text) if len(text) > MAX_VALUE_CHARS or text == TOO_DEEP else value
    return value


def as_text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a text as it is, and any other value as JSON; what no encoder descends into is named instead."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return TOO_DEEP


def is_linkable(value: object) -> bool:
    """Say whether a value may become part of an address."""
    return not isinstance(value, str) or len(value) <= MAX_LINKED_CHARS
