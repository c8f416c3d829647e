"""Print how late activities became visible, for `status --lateness`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anthropic_audit.status.lateness import BOUNDS, Late, Lateness
from anthropic_audit.times import format_duration

from .output import Heading, console, print_table

_HEADINGS = (
    Heading("type"),
    *(Heading(title, is_number=True, may_be_cut=False) for title in ("late", "median", "95 %", "largest")),
    Heading("≤1m…>7d", may_be_cut=False),
    Heading("found by", may_be_cut=False),
)
_NOTHING, _BARS = "·", "▁▂▃▄▅▆▇█"
_ALL_TYPES = "all types"
_NEARLY_ALL = 99


def print_lateness(found: Lateness) -> None:
    """Print a table of lateness by type with small bars, and the suggested settings."""
    out = console()
    if found.overall is None:
        out.print(f"none of {found.activities:,} activities was late")
        return
    share = 100 * found.overall.count / found.activities
    out.print(f"{found.overall.count:,} of {found.activities:,} activities were late ({share:.3g} %)")
    rows = [(_ALL_TYPES, found.overall), *found.types.items()]
    print_table(_HEADINGS, [_row(name, late) for name, late in rows])
    out.print(f"bars: late by up to {', '.join(BOUNDS)}, and by more")
    out.print(_advice(found.overall), markup=False)


def lateness_as_json(found: Lateness) -> Mapping[str, object]:
    """Return lateness as JSON values."""
    return {
        "activities": found.activities,
        "late": found.overall.count if found.overall else 0,
        "overall": _as_json(found.overall) if found.overall else None,
        "types": {name: _as_json(late) for name, late in found.types.items()},
        "suggested": _suggested(found.overall) if found.overall else None,
    }


def _row(name: str, late: Late) -> Sequence[object]:
    spans = (format_duration(span) for span in (late.median, late.nearly_all, late.largest))
    by = sorted(late.found_by.items(), key=lambda pair: -pair[1])
    return name, late.count, *spans, _bars(late.parts), ", ".join(f"{purpose} {count:,}" for purpose, count in by)


def _bars(parts: Sequence[int]) -> str:
    most = max(parts)
    return "".join(_BARS[(part * len(_BARS) - 1) // most] if part else _NOTHING for part in parts)


def _advice(late: Late) -> str:
    """Return a line with the margins that would have caught 99 % of late activities, or the largest share possible."""
    margins, caught = late.margins, late.caught(late.margins)
    said = f'settle = "{format_duration(margins.settle)}" with overlap = "{format_duration(margins.overlap)}"'
    if caught >= _NEARLY_ALL:
        return f"{said} would have let the live tail catch 99 % of the late activities"
    return f"{said} would have let the live tail catch {caught} % of the late activities; reconciling finds the others"


def _as_json(late: Late) -> Mapping[str, object]:
    return {
        "late": late.count,
        "median_seconds": late.median.total_seconds(),
        "p95_seconds": late.nearly_all.total_seconds(),
        "largest_seconds": late.largest.total_seconds(),
        "histogram": dict(zip((*BOUNDS, "more"), late.parts, strict=True)),
        "found_by": dict(late.found_by),
    }


def _suggested(late: Late) -> Mapping[str, object]:
    margins = late.margins
    return {
        "settle_seconds": margins.settle.total_seconds(),
        "overlap_seconds": margins.overlap.total_seconds(),
        "caught_percent": late.caught(margins),
    }
