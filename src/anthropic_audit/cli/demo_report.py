"""What a newcomer wants to see of an archive, drawn with signs that any terminal and any file can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from anthropic_audit.search import SearchHit

from .output import Heading, printable, table
from .summary import SUMMARY, UNCUT

_CHART_ROWS = 5
_BAR_WIDTH = 16
_SHOWN_AT_BOTH_ENDS = 6
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_DAY_WIDTH = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """What the archive holds of a covered window, compared with what the simulator says happened in it."""

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
        """True when every activity is there exactly once and unchanged."""
        return not (self.holes or self.missing or self.unknown or self.repeated or self.wrong_hashes)


def titled(title: str, content: RenderableType) -> RenderableType:
    """Put a title above something."""
    return Group(Text(f"\n{title}", style="bold"), Padding(content, (0, 0, 0, 2), expand=False))


def chart(days: Sequence[tuple[date, int]]) -> Text:
    """Draw a column for each day, with the largest count beside the top and the first and last day below."""
    if not days:
        return Text("nothing yet")
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
    """Draw a bar for each value."""
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
    """Put two things next to each other."""
    grid = Table.grid(padding=(0, 4))
    grid.add_row(left, right)
    return grid


def hits_text(hits: Sequence[SearchHit], width: int) -> Text:
    """Draw the lines that `search` prints; of many, how it began and how it ended."""
    if len(hits) > _SHOWN_AT_BOTH_ENDS * 2 + 1:
        left_out = len(hits) - _SHOWN_AT_BOTH_ENDS * 2
        shown = [*hits[:_SHOWN_AT_BOTH_ENDS], *hits[-_SHOWN_AT_BOTH_ENDS:]]
    else:
        left_out, shown = 0, list(hits)
    rows: list[list[object]] = [[cell(hit) for cell in SUMMARY.values()] for hit in shown]
    if left_out:
        rows.insert(_SHOWN_AT_BOTH_ENDS, [f"… {left_out:,} more", *[""] * (len(SUMMARY) - 1)])
    return table([Heading(title, may_be_cut=title not in UNCUT) for title in SUMMARY], rows, width)


def proof_text(proof: Proof) -> Text:
    """Say whether the archive is complete, and by what that was found."""
    verdict = "every one exactly once, unchanged" if proof.holds else "NOT THE SAME"
    style = "bold green" if proof.holds else "bold red"
    span = f"{proof.start:%Y-%m-%d %H:%M} to {proof.end:%Y-%m-%d %H:%M} UTC"
    counted = f"missing {proof.missing:,}, unknown {proof.unknown:,}, twice {proof.repeated:,}"
    return Text.assemble(
        f"covered: {span}, {proof.holes:,} holes\n",
        f"the simulator's own list of what happened then: {proof.truth:,} activities\n",
        f"the archive's: {proof.stored:,} ({counted}, wrong SHA-256 {proof.wrong_hashes:,})\n",
        (verdict, style),
    )
