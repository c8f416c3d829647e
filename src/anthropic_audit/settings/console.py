"""The settings of the console."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from .openid import OpenIdSettings
from .section import Duration, Section

Role = Literal["viewer", "investigator"]
"""What somebody may see: a viewer everything but personal data, an investigator everything."""

_HASH = re.compile(r"\$argon2id\$\S+")


class UserSettings(Section):
    """Somebody who may look."""

    name: str = Field(min_length=1, max_length=100, description="Name to log in with")
    password_hash: str = Field(description="What `anthropic-audit console --hash-password` prints")
    role: Role = Field("viewer", description="viewer (personal data is masked) or investigator")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _HASH.fullmatch(self.password_hash):
            message = "password_hash is none: `anthropic-audit console --hash-password` makes one"
            raise ValueError(message)
        return self


class ConsoleSettings(Section):
    """The web console."""

    host: str = Field("127.0.0.1", description="Address it listens on; others than loopback need `users` or `openid`")
    port: int = Field(8642, ge=0, le=65535, description="Its port; 0: any free one")
    users: tuple[UserSettings, ...] = Field(
        (), description="Who may log in, each with name, password_hash and role; none: a link with a one-time token"
    )
    openid: OpenIdSettings = Field(OpenIdSettings(), description="The OpenID Connect provider that people log in by")
    session: Duration = Field(timedelta(hours=12), description="How long a login lasts")
    public_url: str = Field(
        "", description="Where people reach it, if that is through a proxy: https://audit.acme.example"
    )
    certificate_file: str = Field("", description="PEM file of its TLS certificate")
    key_file: str = Field("", description="PEM file of the certificate's private key")
    access_log: str = Field(
        "", description="File that says who looked at what; none: `console/access.ndjson` in the archive"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [user.name for user in self.users]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"two users have the same name: {', '.join(twice)}"
            raise ValueError(message)
        if bool(self.certificate_file) != bool(self.key_file):
            message = "give certificate_file and key_file together"
            raise ValueError(message)
        if self.session < timedelta(minutes=5):
            message = "a session lasts 5m at least"
            raise ValueError(message)
        return self
