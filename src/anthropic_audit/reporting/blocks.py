"""The content of a report, independent of its format: sections of text, figures, charts and tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Align(StrEnum):
    """The kind of values in a table's column, which decides its alignment."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    SHARE = "share"
    """A share, as a bar next to its text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """A paragraph with the result of a check, good or bad."""

    is_good: bool
    text: str
    kind: str = "verdict"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its title, and a note on its change."""

    title: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of figures."""

    figures: tuple[Figure, ...]
    kind: str = "figures"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as SVG."""

    title: str
    svg: str
    alternative: str
    """Alternative text of the chart, for screen readers."""
    kind: str = "chart"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table."""

    title: str
    align: Align = Align.TEXT
    weight: int = 1
    """Width of a column of texts, relative to the others."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share as text, and the length of its bar from 0 to 1."""

    text: str
    bar: float


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table."""

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str | Share, ...], ...]
    note: str = ""
    """Text below the table."""
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two blocks side by side."""

    left: Text | Chart | ReportTable
    right: Text | Chart | ReportTable
    kind: str = "pair"


Block = Text | ReportVerdict | FigureRow | Chart | ReportTable | Pair


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of a report."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A complete report."""

    title: str
    period: str
    facts: tuple[tuple[str, str], ...]
    """Names and values in the head of the report, such as the period and the archive."""
    sections: tuple[ReportSection, ...]
    foot: str
    """Footer of each page."""
    made_at: datetime
