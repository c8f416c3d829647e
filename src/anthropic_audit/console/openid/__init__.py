"""Logging in by OpenID Connect: the authorization code flow with PKCE, and an ID token that is verified."""

from .pending_logins import LASTING, Attempts
from .provider import Provider
from .responses import Callback, read_callback
from .roles import SignedInUser

__all__ = ["LASTING", "Attempts", "Callback", "Provider", "SignedInUser", "read_callback"]
