"""Print output: tables that fit a terminal or go to a pipe uncut, JSON, and bytes on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import orjson
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from anthropic_audit.visible import visible

MAX_CELL_CHARS: Final = 1_000
"""Longest text of a table's cell, in characters, also in a pipe: a column is as wide as its longest cell."""

_GAP = 2
_MIN_COLUMN_WIDTH = 8
_LINE_BREAKS = "\n\t"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table: its title, whether it holds numbers, and whether it may be cut to fit a terminal."""

    title: str
    is_number: bool = False
    may_be_cut: bool = True


class _VisibleConsole(Console):
    """A console that makes invisible characters and those that control a terminal visible."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as in the parent class
        """Print as `rich` does."""
        shown = (visible(one, _LINE_BREAKS) if isinstance(one, str) else one for one in objects)
        super().print(*shown, **options)


def console() -> Console:
    """Return a console on the current stdout."""
    return _VisibleConsole(highlight=False, soft_wrap=not sys.stdout.isatty())


def notes() -> Console:
    """Return a console on the current stderr, for messages; stdout is for data."""
    return _VisibleConsole(stderr=True, highlight=False, soft_wrap=True)


def print_table(headings: Sequence[Heading], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout: fitted to the width of a terminal, and uncut otherwise."""
    out = console()
    width = out.width if sys.stdout.isatty() else None
    out.print(table(headings, rows, width), soft_wrap=True)


def table(headings: Sequence[Heading], rows: Iterable[Sequence[object]], width: int | None = None) -> Text:
    """Draw a table with bold headings; to fit a width, the widest columns are cut first."""
    lines = [[heading.title for heading in headings], *([_cut(printable(cell)) for cell in row] for row in rows)]
    natural = [max(cell_len(line[column]) for line in lines) for column in range(len(headings))]
    widths = natural
    if width is not None:
        least = [
            _MIN_COLUMN_WIDTH if heading.may_be_cut else size for size, heading in zip(natural, headings, strict=True)
        ]
        widths = fitted(natural, least, width - _GAP * (len(headings) - 1))
    drawn = Text()
    for number, line in enumerate(lines):
        cells = [_cell(text, size, heading) for text, size, heading in zip(line, widths, headings, strict=True)]
        drawn.append((" " * _GAP).join(cells).rstrip(), style="" if number else "bold")
        drawn.append("\n" if number < len(lines) - 1 else "")
    return drawn


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"


def fitted(widths: Sequence[int], least: Sequence[int], available: int) -> list[int]:
    """Return column widths that fit, if possible: the widest are cut to a common size, none below its minimum."""

    def cut_to(size: int) -> list[int]:
        return [min(width, max(size, smallest)) for width, smallest in zip(widths, least, strict=True)]

    size = max(widths, default=0)
    while size > 0 and sum(cut_to(size)) > available:
        size -= 1
    return cut_to(size)


def _cell(text: str, size: int, heading: Heading) -> str:
    if cell_len(text) > size:
        text = set_cell_size(text, size - 1) + "…"
    space = " " * (size - cell_len(text))
    return space + text if heading.is_number else text + space


def printable(value: object) -> str:
    """Return the text of a value in a table; invisible and terminal control characters are written as `⟨U+202E⟩`."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(printable(one) for one in value)
    text = orjson.dumps(value).decode() if isinstance(value, dict) else str(value)
    return visible(text)


def print_json(value: object) -> None:
    """Print a value as indented JSON on stdout."""
    write_out(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_out(content: bytes) -> None:
    """Write bytes to stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def binary_out() -> BinaryIO:
    """Return stdout as a binary file."""
    sys.stdout.flush()
    return sys.stdout.buffer
