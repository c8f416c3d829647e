"""Bound every HTTP request: by a deadline for the whole of it, and by the operator's stop."""

from .client import Answer, AnswerTooLargeError, fetch, supervise
from .supervisor import DeadlineExceededError, Supervisor, nothing

__all__ = [
    "Answer",
    "AnswerTooLargeError",
    "DeadlineExceededError",
    "Supervisor",
    "fetch",
    "nothing",
    "supervise",
]
