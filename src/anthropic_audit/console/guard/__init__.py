"""Who gets in, and what is written down about it."""

from .door import Door, Visitor
from .headers import hardened
from .journal import Journal
from .passwords import hash_password
from .sessions import Session, Sessions
from .throttle import Throttle

__all__ = ["Door", "Journal", "Session", "Sessions", "Throttle", "Visitor", "hardened", "hash_password"]
