"""Who gets in, and what is written down about it."""

from .door import Door, Visitor
from .headers import hardened
from .journal import Journal
from .passwords import hash_password
from .patience import Patient
from .sessions import Session, Sessions
from .throttle import Throttle, whereabouts

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
