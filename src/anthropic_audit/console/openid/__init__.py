"""Logging in by OpenID Connect: the authorization code flow with PKCE, and an ID token that is verified."""

from .answers import Callback, read_callback
from .attempts import LASTING, Attempts
from .people import Person
from .provider import Provider

__all__ = ["LASTING", "Attempts", "Callback", "Person", "Provider", "read_callback"]
