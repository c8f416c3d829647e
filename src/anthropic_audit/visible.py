"""Make invisible and direction-changing characters of received texts visible wherever they are displayed.

These are control and format characters, line and paragraph separators, lone surrogates, and characters that Unicode
calls default-ignorable (fillers, variation selectors, tags; DerivedCoreProperties.txt). Private-use characters have a
glyph or a box, so they stay. Characters that writing systems need stay as well: joiners between letters of scripts that
join and between parts of an emoji, variation selectors after the character that they vary, and the marks of Arabic
numbers.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from typing import Final

_IGNORABLE: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
"""Invisible characters outside the categories below (U+2800 is a blank Braille pattern)."""

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_WITH_A_GLYPH: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that have a glyph: marks of Arabic and Kaithi numbers."""

_JOINERS: Final = frozenset("\u200c\u200d")
_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
_JOINING: Final = re.compile(r"[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
"""Letters of scripts in which ZWNJ and ZWJ change how words are written: Arabic, Syriac, Indic, Mongolian, Khmer."""

_EMOJI: Final = re.compile(r"[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\ufe0f]")
_KEYCAP: Final = frozenset("0123456789#*")
_IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_SHOWN: Final = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")
_ASCII_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def visible(text: str, keep: str = "") -> str:
    """Return a text with invisible and direction-changing characters written as `⟨U+202E⟩`.

    Args:
        text: The text to display.
        keep: Characters to leave as they are, such as the line breaks of a message of several lines.
    """
    if text.isascii() and _ASCII_CONTROL.search(text) is None:
        return text

    def shown(found: re.Match[str]) -> str:
        position, character = found.start(), found.group()
        if character in keep or _is_needed(character, text[position - 1 : position], text[position + 1 : position + 2]):
            return character
        return f"⟨U+{ord(character):04X}⟩"

    return _hidden().sub(shown, text)


def visible_json(text: str) -> str:
    """Return equivalent JSON with these characters as escapes; white space between values is unchanged."""

    def escaped(found: re.Match[str]) -> str:
        character = found.group()
        if character in "\t\n\r" or _is_needed(
            character, text[found.start() - 1 : found.start()], text[found.end()][:1]
        ):
            return character
        units = character.encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))

    text += " "
    return _hidden().sub(escaped, text)[:-1]


def as_received(text: str) -> str:
    """Return a text with the `⟨U+202E⟩` notation of `visible` reversed, to search for text copied from a page."""

    def character(found: re.Match[str]) -> str:
        number = int(found.group(1), 16)
        return chr(number) if number <= sys.maxunicode else found.group()

    return _SHOWN.sub(character, text)


def _is_needed(character: str, before: str, after: str) -> bool:
    """Return whether the writing of the neighbouring characters needs this one."""
    if not before:
        return False
    if character in _JOINERS:
        if _JOINING.match(before) and (character == "\u200d" or _JOINING.match(after)):
            return True
        return bool(character == "\u200d" and _EMOJI.match(before) and _EMOJI.match(after))
    if character in _SELECTORS:
        return bool(before != "\ufe0f" and (_EMOJI.match(before) or before in _KEYCAP))
    is_variation = "\ufe00" <= character <= "\ufe0d" or "\U000e0100" <= character <= "\U000e01ef"
    return is_variation and _IDEOGRAPH.match(before) is not None


@cache
def _hidden() -> re.Pattern[str]:
    """Return the pattern that matches one character to make visible."""
    numbers = {number for first, last in _IGNORABLE for number in range(first, last + 1)}
    every = (number for number in range(sys.maxunicode + 1) if unicodedata.category(chr(number)) in _CATEGORIES)
    numbers.update(number for number in every if chr(number) not in _WITH_A_GLYPH)
    return re.compile(_class(sorted(numbers)))


def _class(numbers: list[int]) -> str:
    """Return a regular expression's character class of these code points, as ranges."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return "[" + "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges) + "]"
