"""Formatting of values as text, with invisible and direction-changing characters made visible."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

from anthropic_audit.visible import visible

MAX_TEXT_CHARS: Final = 160
"""Upper bound on the characters of a value in a report."""

_FIXED: Final = "\N{NO-BREAK SPACE}"
_PERCENT: Final = f"{_FIXED}%"
_MAX_WORD_CHARS: Final = 20
_LONG_WORD: Final = re.compile(rf"\S{{{_MAX_WORD_CHARS},}}")
_PIECE: Final = re.compile(
    rf"[^_./@:;,=&?+-]{{1,{_MAX_WORD_CHARS}}}[_./@:;,=&?+-]*|[_./@:;,=&?+-]{{1,{_MAX_WORD_CHARS}}}"
)


def plain(value: object, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return a value as one line of at most `max_chars` characters, with invisible characters made visible."""
    text = visible("".join(map(_as_space, str(value)[: max_chars + 1]))).strip()
    if not text:
        return "(empty)"
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def pieces(text: str) -> list[str]:
    """Return a text in pieces, between which lines may break: in long words, after punctuation."""
    found, end = [""], 0
    for word in _LONG_WORD.finditer(text):
        found[-1] += text[end : word.start()]
        first, *others = _PIECE.findall(word.group())
        found[-1] += first
        found += others
        end = word.end()
    found[-1] += text[end:]
    return found


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a percentage; only 0 and 1 themselves become 0 % and 100 %."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:  # noqa: PLR2004 - what would be rounded to nothing
        return f"<{_FIXED}0.1{_PERCENT}"
    if 99.9 < hundredths < 100:  # noqa: PLR2004 - what would be rounded to all
        return f">{_FIXED}99.9{_PERCENT}"
    return f"{hundredths:.0f}{_PERCENT}" if hundredths in {0, 100} else f"{hundredths:.1f}{_PERCENT}"


def change(now: int, before: int) -> str:
    """Return the change from a number to another as a percentage."""
    if now == before:
        return "unchanged"
    if not before:
        return "none before"
    percents = (now - before) / before * 100
    text = f"{percents:+,.0f}" if abs(percents) >= 1 else f"{percents:+.1f}"
    return f"{text}{_PERCENT}".replace("-", "\N{MINUS SIGN}")


def moment(when: datetime) -> str:
    """Return a time to the minute, in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def second(when: datetime) -> str:
    """Return a time to the second, in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def last_day(since: datetime, until: datetime) -> datetime:
    """Return a time on the last day that a period includes."""
    return max(since, until - timedelta(microseconds=1))


def _as_space(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" or character in "\t\n\r" else character
