"""What is covered, and what is due; pure."""

from .backfill import Backfill, BackfillRules
from .reconcile import HORIZON, LADDER, Rung, Walk, due_reconciles
from .spans import Spans
from .tail import Due, TailRules, due_windows, is_covered

__all__ = [
    "HORIZON",
    "LADDER",
    "Backfill",
    "BackfillRules",
    "Due",
    "Rung",
    "Spans",
    "TailRules",
    "Walk",
    "due_reconciles",
    "due_windows",
    "is_covered",
]
