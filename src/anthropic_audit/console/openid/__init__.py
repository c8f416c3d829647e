"""Logging in by OpenID Connect: the authorization code flow with PKCE, and an ID token that is verified."""

from .pending_logins import LOGIN_TIMEOUT, Attempts
from .provider import Provider
from .responses import Callback, read_callback
from .roles import SignedInUser

__all__ = ["LOGIN_TIMEOUT", "Attempts", "Callback", "Provider", "SignedInUser", "read_callback"]
