"""The settings of console logins by OpenID Connect."""

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
"""The claim that is compared case-insensitively, and trusted unless the provider marks it as unverified."""

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


class OpenIdSettings(Section):
    """An OpenID Connect provider for console logins; disabled without an issuer."""

    issuer: str = Field(
        "", description="URL of the provider, exactly as in its discovery document; empty: no login by OpenID Connect"
    )
    client_id: str = Field("", description="Client id of the console at the provider")
    client_secret_env: str = Field("", description="Environment variable that holds the client's secret")
    client_secret_file: str = Field("", description="File that holds the client's secret")
    client_secret_command: tuple[str, ...] = Field(
        (), description="Command that prints the client's secret, as a list of arguments"
    )
    scopes: tuple[str, ...] = Field(("openid", "email", "profile"), description="Scopes to request from the provider")
    claim: Filled = Field(
        EMAIL, description="Claim that identifies a user: the name in `viewers`, `investigators` and the access log"
    )
    investigators: tuple[Filled, ...] = Field((), description="Names of users who see everything")
    viewers: tuple[Filled, ...] = Field((), description="Names of users who see personal data masked")
    groups_claim: Filled = Field("groups", description="Claim that lists a user's groups or roles")
    investigator_groups: tuple[Filled, ...] = Field((), description="Groups of users who see everything")
    viewer_groups: tuple[Filled, ...] = Field((), description="Groups of users who see personal data masked")
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    proxy_url: str = Field("", description="HTTP or SOCKS proxy for requests to the provider")
    timeout: Span = Field(timedelta(seconds=10), description="Longest time of one request to the provider")

    @model_validator(mode="after")
    def _check(self) -> Self:
        problem = self._problem() if self.issuer else self._unused_problem()
        if problem:
            raise ValueError(problem)
        return self

    @property
    def is_set(self) -> bool:
        """True if login by OpenID Connect is enabled."""
        return bool(self.issuer)

    @property
    def host(self) -> str:
        """Host name of the provider, as pages show it."""
        return urlsplit(self.issuer).netloc

    def _unused_problem(self) -> str | None:
        return "issuer is missing: it enables login by OpenID Connect" if self.model_fields_set else None

    def _problem(self) -> str | None:
        """Return a message about the first setting that makes logins impossible, or None."""
        if not is_protected(self.issuer) or urlsplit(self.issuer).query:
            return "issuer must be an https URL without user, query and fragment (http only on this machine)"
        if not self.client_id.strip():
            return "client_id is missing: the console's client id at the provider"
        if sum(map(bool, (self.client_secret_env, self.client_secret_file, self.client_secret_command))) != 1:
            return "set exactly one of client_secret_env, client_secret_file and client_secret_command"
        if "openid" not in self.scopes or not all(map(_SCOPE.fullmatch, self.scopes)):
            return 'scopes must be words without spaces or quotes, and contain "openid"'
        return self._access_problem()

    def _access_problem(self) -> str | None:
        if not (self.investigators or self.viewers or self.investigator_groups or self.viewer_groups):
            return "no user may log in: set investigators, viewers, investigator_groups or viewer_groups"
        duplicates = _common(map_names(self.investigators, self.claim), map_names(self.viewers, self.claim))
        duplicates += _common(self.investigator_groups, self.viewer_groups)
        return f"both investigator and viewer: {', '.join(duplicates)}" if duplicates else None


def map_names(names: Sequence[str], claim: str) -> Sequence[str]:
    """Return names in the form that is compared: e-mail addresses with ASCII letters in lower case."""
    return [name.translate(_LOWER) for name in names] if claim == EMAIL else list(names)


def is_protected(url: str) -> bool:
    """Return whether traffic to a URL is confidential: https, or http to this machine."""
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
    """Return whether a host name or address is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _common(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return sorted(set(names) & set(others))
