"""Plan walks in pure functions: compute coverage, gaps, and the windows that are due."""

from .backfill import Backfill, BackfillRules
from .gaps import Gap, GapEntry, Gaps, GapState, due_again, gap_changes, read_gaps, without_permanent
from .reconcile import HORIZON, LADDER, Rung, Walk, due_reconciles
from .spans import Spans
from .tail import Due, Margins, TailRules, due_windows, is_covered, suggested

__all__ = [
    "HORIZON",
    "LADDER",
    "Backfill",
    "BackfillRules",
    "Due",
    "Gap",
    "GapEntry",
    "GapState",
    "Gaps",
    "Margins",
    "Rung",
    "Spans",
    "TailRules",
    "Walk",
    "due_again",
    "due_reconciles",
    "due_windows",
    "gap_changes",
    "is_covered",
    "read_gaps",
    "suggested",
    "without_permanent",
]
