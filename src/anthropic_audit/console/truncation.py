"""Limits on the size of pages: an activity of many megabytes must not make a page as large."""

from __future__ import annotations

from typing import Any, Final

import orjson

MAX_VALUE_CHARS: Final = 2_000
"""Upper bound on a value in a table or list of a page; longer ones are cut."""

MAX_TEXT_CHARS: Final = 200_000
"""Upper bound on a text block of a page, such as an ECS document or received bytes; longer ones are cut."""

MAX_FIELDS: Final = 1_000
"""Upper bound on the fields of one event that a page lists."""

MAX_LINKED_CHARS: Final = 1_000
"""Upper bound on a value that becomes a link or a query: URLs are limited to `MAX_TARGET_BYTES`."""

MAX_FIELD_DEPTH: Final = 32
"""Upper bound on the levels of nested objects that a page lists as fields; deeper objects are shown as text."""


TOO_DEEP: Final = "(nested too deeply to show)"
"""Text in place of a value that is nested too deeply for a JSON encoder."""


def cut(text: str, max_chars: int = MAX_VALUE_CHARS) -> str:
    """Return a text, cut after `max_chars` characters; the number of characters left out is appended."""
    return text if len(text) <= max_chars else f"{text[:max_chars]}… ({len(text) - max_chars:,} more characters)"


def cut_value(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value as a page shows it: texts are cut, and long lists and objects become texts that are cut."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, (dict, list)):
        text = as_text(value)
        return cut(text) if len(text) > MAX_VALUE_CHARS or text == TOO_DEEP else value
    return value


def as_text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a text unchanged, and any other value as JSON; `TOO_DEEP` if it is nested too deeply for the encoder."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return TOO_DEEP


def is_linkable(value: object) -> bool:
    """Return whether a value is short enough to become part of a URL."""
    return not isinstance(value, str) or len(value) <= MAX_LINKED_CHARS
