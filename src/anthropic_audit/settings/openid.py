"""The settings of logging in to the console by OpenID Connect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from .section import Section
from .value_types import Filled, Span

EMAIL: Final = "email"
"""The claim that is compared without regard to case, and believed only if the provider doesn't call it unverified."""

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_LOWER = str.maketrans({chr(sign): chr(sign + 32) for sign in range(ord("A"), ord("Z") + 1)})


class OpenIdSettings(Section):
    """An OpenID Connect provider that people log in by; none without an issuer."""

    issuer: str = Field(
        "", description="URL of the provider, exactly as its discovery document says it; none: no such login"
    )
    client_id: str = Field("", description="What the provider calls the console")
    client_secret_env: str = Field("", description="Environment variable that holds the client's secret")
    client_secret_file: str = Field("", description="File that holds it")
    client_secret_command: tuple[str, ...] = Field((), description="Command that prints it, as a list of words")
    scopes: tuple[str, ...] = Field(("openid", "email", "profile"), description="What the provider is asked for")
    claim: Filled = Field(EMAIL, description="Claim that says who somebody is: the name in lists and in the access log")
    investigators: tuple[Filled, ...] = Field((), description="Names of those who see everything")
    viewers: tuple[Filled, ...] = Field((), description="Names of those who see personal data masked")
    groups_claim: Filled = Field("groups", description="Claim that lists somebody's groups or roles")
    investigator_groups: tuple[Filled, ...] = Field((), description="Groups of those who see everything")
    viewer_groups: tuple[Filled, ...] = Field((), description="Groups of those who see personal data masked")
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    proxy_url: str = Field("", description="HTTP or SOCKS proxy for requests to the provider")
    timeout: Span = Field(timedelta(seconds=10), description="Time one request to the provider may take")

    @model_validator(mode="after")
    def _check(self) -> Self:
        problem = self._lack() if self.issuer else self._alone()
        if problem:
            raise ValueError(problem)
        return self

    @property
    def is_set(self) -> bool:
        """Whether people can log in this way."""
        return bool(self.issuer)

    @property
    def host(self) -> str:
        """What the provider is called on pages."""
        return urlsplit(self.issuer).netloc

    def _alone(self) -> str | None:
        return "give the issuer, too: without one nobody logs in this way" if self.model_fields_set else None

    def _lack(self) -> str | None:
        """Say what keeps anybody from logging in, or None."""
        if not is_protected(self.issuer) or urlsplit(self.issuer).query:
            return "an issuer is an https URL without user, query and fragment (http is for this machine only)"
        if not self.client_id.strip():
            return "give client_id: what the provider calls the console"
        if sum(map(bool, (self.client_secret_env, self.client_secret_file, self.client_secret_command))) != 1:
            return "give one of client_secret_env, client_secret_file and client_secret_command"
        if "openid" not in self.scopes or not all(map(_SCOPE.fullmatch, self.scopes)):
            return 'scopes are words without spaces or quotes, and "openid" is one of them'
        return self._nobody()

    def _nobody(self) -> str | None:
        if not (self.investigators or self.viewers or self.investigator_groups or self.viewer_groups):
            return "say who may come in: investigators, viewers, investigator_groups or viewer_groups"
        twice = _both(map_names(self.investigators, self.claim), map_names(self.viewers, self.claim))
        twice += _both(self.investigator_groups, self.viewer_groups)
        return f"somebody is investigator and viewer: {', '.join(twice)}" if twice else None


def map_names(names: Sequence[str], claim: str) -> Sequence[str]:
    """Return names as they are compared: e-mail addresses in lower case (of ASCII: no other sign becomes one)."""
    return [name.translate(_LOWER) for name in names] if claim == EMAIL else list(names)


def is_protected(url: str) -> bool:
    """Say whether a URL's traffic can't be read on the way: https, or http that stays on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_plain = url.isprintable() and url.isascii() and not set(url) & set(' \\"<>^`{|}') and "#" not in url
    if not is_plain or not host or port == 0 or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _both(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return sorted(set(some) & set(others))
