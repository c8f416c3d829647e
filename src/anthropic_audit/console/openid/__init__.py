"""Logging in by OpenID Connect: the authorization code flow with PKCE, and an ID token that is verified."""

from .pending_logins import LASTING, Attempts
from .provider import Provider
from .responses import Callback, read_callback
from .roles import Person

__all__ = ["LASTING", "Attempts", "Callback", "Person", "Provider", "read_callback"]
