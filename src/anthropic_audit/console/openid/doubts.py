"""Reasons to reject a provider's response; no reason repeats anything that was received."""

from __future__ import annotations

from enum import StrEnum

from anthropic_audit.errors import LoginRefusedError


class Disbelief(StrEnum):
    """A reason to reject a token or a userinfo response."""

    SHAPE = "the token is not a signed token"
    HEADER = "the token's header is not that of an ID token"
    ALGORITHM = "the token is not signed with an accepted algorithm"
    KEY = "the token is signed with a key that the provider doesn't publish"
    SIGNATURE = "the signature is not the provider's"
    EMPTY = "the token has no claims"
    ISSUER = "the token was issued by another provider"
    AUDIENCE = "the token is for another client"
    PARTY = "the token was issued to another client"
    TIMELESS = "the token doesn't say when it is valid"
    EXPIRED = "the token is expired"
    FUTURE = "the token is from the future: one of the clocks is wrong"
    NONCE = "the token belongs to another login"
    SUBJECT = "the token doesn't name a subject"
    HASH = "the ID token and the access token don't match"
    OTHER_USER = "the provider's userinfo is about another user"


def disbelieved(doubt: Disbelief) -> LoginRefusedError:
    """Return the error for a response that is rejected."""
    message = f"the identity provider's response can't be trusted: {doubt}"
    return LoginRefusedError(message, hint="log in again; if that doesn't help, contact the operator of this console")
