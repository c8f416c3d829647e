"""What is covered, and what is due; pure."""

from .spans import Spans
from .tail import Due, TailRules, due_windows, is_covered

__all__ = ["Due", "Spans", "TailRules", "due_windows", "is_covered"]
