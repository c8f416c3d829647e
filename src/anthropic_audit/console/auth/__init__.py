"""Access control of the console: sessions, passwords, limits and the access log."""

from .access_log import AccessLog
from .connection_limits import ConnectionLimits
from .headers import hardened
from .middleware import AccessMiddleware, Visitor
from .passwords import hash_password
from .rate_limit import LoginRateLimit, client_network
from .sessions import Session, Sessions

__all__ = [
    "AccessLog",
    "AccessMiddleware",
    "ConnectionLimits",
    "LoginRateLimit",
    "Session",
    "Sessions",
    "Visitor",
    "client_network",
    "hardened",
    "hash_password",
]
