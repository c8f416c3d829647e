"""Bound every HTTP request: by a deadline for the whole of it, and by the operator's stop."""

from .client import AnswerTooLargeError, HttpAnswer, fetch, supervise
from .supervisor import DeadlineExceededError, Supervisor, nothing

__all__ = [
    "AnswerTooLargeError",
    "DeadlineExceededError",
    "HttpAnswer",
    "Supervisor",
    "fetch",
    "nothing",
    "supervise",
]
