"""What a report consists of: sections of a few kinds of blocks, which each format draws in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Align(StrEnum):
    """What a column of a table holds."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    SHARE = "share"
    """A share, drawn as a bar beside its words."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """A paragraph that says whether all is well."""

    is_good: bool
    text: str
    kind: str = "verdict"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it counts, and how it differs from the one before."""

    title: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Some numbers in a row."""

    figures: tuple[Figure, ...]
    kind: str = "figures"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing."""

    title: str
    svg: str
    alternative: str
    """What it shows, for those who can't see it."""
    kind: str = "chart"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table."""

    title: str
    align: Align = Align.TEXT
    weight: int = 1
    """How wide a column of texts is beside others."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share in words, and how long its bar is, from 0 to 1."""

    told: str
    bar: float


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table."""

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str | Share, ...], ...]
    note: str = ""
    """What stands below it."""
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
    """All of it, in words and drawings."""

    title: str
    period: str
    facts: tuple[tuple[str, str], ...]
    """What it is about and where it is from: a name and a value each."""
    sections: tuple[ReportSection, ...]
    foot: str
    """What stands on each page."""
    made_at: datetime
