"""What is covered, and what is due; pure."""

from .reconcile import HORIZON, LADDER, VERY_LATE_LADDER, VERY_LATE_TYPES, Rung, Walk, due_reconciles
from .spans import Spans
from .tail import Due, TailRules, due_windows, is_covered

__all__ = [
    "HORIZON",
    "LADDER",
    "VERY_LATE_LADDER",
    "VERY_LATE_TYPES",
    "Due",
    "Rung",
    "Spans",
    "TailRules",
    "Walk",
    "due_reconciles",
    "due_windows",
    "is_covered",
]
