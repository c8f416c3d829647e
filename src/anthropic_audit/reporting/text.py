"""Values as words: for people, without anything in them that could steer a reader's program or eyes."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

from anthropic_audit.visible import visible

MAX_TEXT_CHARS: Final = 160
"""So many signs of a value are shown."""

_FIXED: Final = "\N{NO-BREAK SPACE}"
_PERCENT: Final = f"{_FIXED}%"
_MAX_WORD_CHARS: Final = 20
_LONG_WORD: Final = re.compile(rf"\S{{{_MAX_WORD_CHARS},}}")
_PIECE: Final = re.compile(
    rf"[^_./@:;,=&?+-]{{1,{_MAX_WORD_CHARS}}}[_./@:;,=&?+-]*|[_./@:;,=&?+-]{{1,{_MAX_WORD_CHARS}}}"
)


def plain(value: object, longest: int = MAX_TEXT_CHARS) -> str:
    """Return a value as one line of text; what can't be seen, or changes how others are seen, is made visible."""
    text = visible("".join(map(_sign, str(value)[: longest + 1]))).strip()
    if not text:
        return "(empty)"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def pieces(text: str) -> list[str]:
    """Return a text in pieces, between which lines may be broken: long words, behind the signs that join them."""
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
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """Return a share of one; what is nearly all is not called all, nor what is nearly nothing nothing."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:  # noqa: PLR2004 - what would be rounded to nothing
        return f"<{_FIXED}0.1{_PERCENT}"
    if 99.9 < hundredths < 100:  # noqa: PLR2004 - what would be rounded to all
        return f">{_FIXED}99.9{_PERCENT}"
    return f"{hundredths:.0f}{_PERCENT}" if hundredths in {0, 100} else f"{hundredths:.1f}{_PERCENT}"


def change(now: int, before: int) -> str:
    """Return how a number differs from the one before."""
    if now == before:
        return "as before"
    if not before:
        return "none before"
    percents = (now - before) / before * 100
    told = f"{percents:+,.0f}" if abs(percents) >= 1 else f"{percents:+.1f}"
    return f"{told}{_PERCENT}".replace("-", "\N{MINUS SIGN}")


def moment(when: datetime) -> str:
    """Return a time to the minute, in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def second(when: datetime) -> str:
    """Return a time to the second, in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def last_day(since: datetime, until: datetime) -> datetime:
    """Return a time on the last day of which a period has anything."""
    return max(since, until - timedelta(microseconds=1))


def _sign(sign: str) -> str:
    return " " if unicodedata.category(sign) == "Zs" or sign in "\t\n\r" else sign
