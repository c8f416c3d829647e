"""Who gets in, and what is written down about it."""

from .access_log import Journal
from .connection_limits import Patient
from .headers import hardened
from .middleware import Door, Visitor
from .passwords import hash_password
from .rate_limit import Throttle, whereabouts
from .sessions import Session, Sessions

__all__ = [
    "Door",
    "Journal",
    "Patient",
    "Session",
    "Sessions",
    "Throttle",
    "Visitor",
    "hardened",
    "hash_password",
    "whereabouts",
]
