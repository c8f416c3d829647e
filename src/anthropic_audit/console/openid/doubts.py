"""Why what a provider says of a login is not believed; none of the reasons repeats anything that was received."""

from __future__ import annotations

from enum import StrEnum

from anthropic_audit.errors import LoginRefusedError


class Disbelief(StrEnum):
    """A reason."""

    SHAPE = "the token is none"
    HEADER = "the token's header is none of an ID token's"
    ALGORITHM = "the token is signed in no way that proves anything"
    KEY = "the token is signed by a key that the provider doesn't publish"
    SIGNATURE = "the signature is not the provider's"
    EMPTY = "the token says nothing"
    ISSUER = "the token is another provider's"
    AUDIENCE = "the token is for another client"
    PARTY = "the token was given to another client"
    TIMELESS = "the token doesn't say when it counts"
    EXPIRED = "the token is expired"
    FUTURE = "the token is from the future, so one of the clocks is wrong"
    NONCE = "the token is of another login"
    SUBJECT = "the token doesn't say who it is about"
    HASH = "the tokens don't belong together"
    SOMEBODY_ELSE = "the provider tells more of somebody else"


def disbelieved(doubt: Disbelief) -> LoginRefusedError:
    """Say why a login is refused that the provider seems to vouch for."""
    message = f"what the identity provider says can't be believed: {doubt}"
    return LoginRefusedError(message, hint="log in again; if that doesn't help, tell whoever runs this console")
