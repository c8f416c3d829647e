"""Supervised HTTP: every request ends at its deadline, or when the operator asks to stop."""

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
