"""Charts and tables of the demo, drawn with characters that any terminal and any file can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from anthropic_audit.query import SearchHit

from .output import Heading, printable, table
from .summary import SUMMARY, UNCUT

_CHART_ROWS = 5
_BAR_WIDTH = 16
_MAX_SHOWN_PER_END = 6
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_DAY_WIDTH = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """Counts of the comparison of a covered window in the archive with the simulator's ground truth."""

    start: datetime
    end: datetime
    holes: int
    truth: int
    stored: int
    missing: int
    unknown: int
    repeated: int
    wrong_hashes: int

    @property
    def holds(self) -> bool:
        """True if every activity is stored exactly once and unchanged."""
        return not (self.holes or self.missing or self.unknown or self.repeated or self.wrong_hashes)


def titled(title: str, content: RenderableType) -> RenderableType:
    """Return content with a bold title above it."""
    return Group(Text(f"\n{title}", style="bold"), Padding(content, (0, 0, 0, 2), expand=False))


def chart(days: Sequence[tuple[date, int]]) -> Text:
    """Draw a column per day, with the largest count at the top right and the first and last day below."""
    if not days:
        return Text("no events yet")
    largest = max(number for _, number in days) or 1
    heights = [round(number / largest * _CHART_ROWS * 8) for _, number in days]
    lines = [
        "".join(_EIGHTHS[min(8, max(0, height - 8 * row))] * (_DAY_WIDTH - 1) + " " for height in heights).rstrip()
        for row in reversed(range(_CHART_ROWS))
    ]
    lines[0] = lines[0].ljust(_DAY_WIDTH * len(days)) + f" {largest:,} a day"
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    axis = first + last.rjust(max(_DAY_WIDTH * len(days) - len(first), len(last) + 1))
    return Text("\n".join([*lines, axis]))


def ranking(counts: Sequence[tuple[str, int]]) -> RenderableType:
    """Draw a bar per value."""
    largest = max((number for _, number in counts), default=1)
    bars = Table(box=None, show_header=False, pad_edge=False)
    bars.add_column(no_wrap=True)
    bars.add_column(justify="right")
    bars.add_column()
    for name, number in counts:
        bar = "█" * max(1, round(number / largest * _BAR_WIDTH))
        bars.add_row(Text(printable(name)), f"{number:,}", Text(bar, style="cyan"))
    return bars


def side_by_side(left: RenderableType, right: RenderableType) -> RenderableType:
    """Return two contents next to each other."""
    grid = Table.grid(padding=(0, 4))
    grid.add_row(left, right)
    return grid


def hits_text(hits: Sequence[SearchHit], width: int) -> Text:
    """Draw hits as `search` prints them; of many, only the first and the last ones."""
    if len(hits) > _MAX_SHOWN_PER_END * 2 + 1:
        left_out = len(hits) - _MAX_SHOWN_PER_END * 2
        shown = [*hits[:_MAX_SHOWN_PER_END], *hits[-_MAX_SHOWN_PER_END:]]
    else:
        left_out, shown = 0, list(hits)
    rows: list[list[object]] = [[cell(hit) for cell in SUMMARY.values()] for hit in shown]
    if left_out:
        rows.insert(_MAX_SHOWN_PER_END, [f"… {left_out:,} more", *[""] * (len(SUMMARY) - 1)])
    return table([Heading(title, may_be_cut=title not in UNCUT) for title in SUMMARY], rows, width)


def proof_text(proof: Proof) -> Text:
    """Return the verdict on the archive's completeness, with the counts that it is based on."""
    verdict = "every activity exactly once, unchanged" if proof.holds else "THEY DIFFER"
    style = "bold green" if proof.holds else "bold red"
    span = f"{proof.start:%Y-%m-%d %H:%M} to {proof.end:%Y-%m-%d %H:%M} UTC"
    counted = f"missing {proof.missing:,}, unknown {proof.unknown:,}, duplicates {proof.repeated:,}"
    return Text.assemble(
        f"covered: {span}, {proof.holes:,} holes\n",
        f"in the simulator's ground truth: {proof.truth:,} activities\n",
        f"in the archive: {proof.stored:,} ({counted}, wrong SHA-256 {proof.wrong_hashes:,})\n",
        (verdict, style),
    )
