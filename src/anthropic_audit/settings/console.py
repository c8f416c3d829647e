"""The settings of the console."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from .openid import OpenIdSettings
from .section import Duration, Section

Role = Literal["viewer", "investigator"]
"""Role of a console user: a viewer sees personal data masked, an investigator sees everything."""

_HASH = re.compile(r"\$argon2id\$\S+")


class UserSettings(Section):
    """A user of the console, who logs in with a password."""

    name: str = Field(min_length=1, max_length=100, description="Name to log in with")
    password_hash: str = Field(description="Output of `anthropic-audit console --hash-password`")
    role: Role = Field("viewer", description="viewer (personal data is masked) or investigator")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _HASH.fullmatch(self.password_hash):
            message = "password_hash is not a valid hash: make one with `anthropic-audit console --hash-password`"
            raise ValueError(message)
        return self


class ConsoleSettings(Section):
    """The web console."""

    host: str = Field(
        "127.0.0.1", description="Address to listen on; addresses other than loopback need `users` or `openid`"
    )
    port: int = Field(8642, ge=0, le=65535, description="Port to listen on; 0: any free port")
    users: tuple[UserSettings, ...] = Field(
        (),
        description="Users, each with name, password_hash and role; empty: access by a link with a one-time token",
    )
    openid: OpenIdSettings = Field(OpenIdSettings(), description="OpenID Connect provider for logins")
    session: Duration = Field(timedelta(hours=12), description="Duration of a login session")
    public_url: str = Field(
        "", description="URL of the console for its users, if it is behind a proxy: https://audit.acme.example"
    )
    certificate_file: str = Field("", description="PEM file of the console's TLS certificate")
    key_file: str = Field("", description="PEM file of the certificate's private key")
    access_log: str = Field(
        "", description="File that records who viewed what; empty: `console/access.ndjson` in the archive"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [user.name for user in self.users]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            message = f"several users have the same name: {', '.join(duplicates)}"
            raise ValueError(message)
        if bool(self.certificate_file) != bool(self.key_file):
            message = "certificate_file and key_file must be set together"
            raise ValueError(message)
        if self.session < timedelta(minutes=5):
            message = "session must be at least 5m"
            raise ValueError(message)
        return self
