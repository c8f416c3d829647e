"""Bound every HTTP request: by a deadline for the whole of it, and by the operator's stop."""

from .client import supervise
from .supervisor import DeadlineExceededError, Supervisor, nothing

__all__ = ["DeadlineExceededError", "Supervisor", "nothing", "supervise"]
