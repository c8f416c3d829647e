"""The console's user for a provider's claims: a name, and a role if a list of the settings names the user; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anthropic_audit.errors import LoginRefusedError
from anthropic_audit.settings import OpenIdSettings, Role, map_names
from anthropic_audit.settings.openid import EMAIL

_MAX_NAME_CHARS: Final = 254


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A user that the provider has identified."""

    name: str
    subject: str
    role: Role | None
    """The user's role; None if no list names the user, who then has no access."""


def recognise(openid: OpenIdSettings, claims: Mapping[str, Any]) -> SignedInUser:
    """Return the user that claims identify; a user in the lists of both roles is an investigator.

    Raises:
        LoginRefusedError: The claims don't name the user, or by an e-mail address that is not verified.
    """
    name_claim = claims.get(openid.claim)
    if (
        not isinstance(name_claim, str)
        or not 0 < len(name_claim.strip()) <= _MAX_NAME_CHARS
        or not name_claim.isprintable()
    ):
        message = f"the identity provider doesn't identify you: it sent no usable claim `{openid.claim}`"
        raise LoginRefusedError(
            message, hint="ask the operator of this console to check `console.openid.claim` and `console.openid.scopes`"
        )
    if openid.claim == EMAIL and claims.get("email_verified", True) not in (True, "true"):
        message = "the identity provider says that your e-mail address is not verified"
        raise LoginRefusedError(message, hint="verify it at the provider, then log in again")
    (name,) = map_names([name_claim.strip()], openid.claim)
    return SignedInUser(name, str(claims["sub"]), _role(openid, name, _groups(claims.get(openid.groups_claim))))


def needs_userinfo(openid: OpenIdSettings, claims: Mapping[str, Any]) -> bool:
    """Return whether a claim that decides on the role is missing, so that userinfo has to be requested."""
    wants_groups = bool(openid.investigator_groups or openid.viewer_groups)
    return openid.claim not in claims or (wants_groups and openid.groups_claim not in claims)


def _role(openid: OpenIdSettings, name: str, groups: frozenset[str]) -> Role | None:
    if name in map_names(openid.investigators, openid.claim) or groups & set(openid.investigator_groups):
        return "investigator"
    if name in map_names(openid.viewers, openid.claim) or groups & set(openid.viewer_groups):
        return "viewer"
    return None


def _groups(value: object) -> frozenset[str]:
    """Return the groups of a claim: a list, or a single text."""
    listed = value if isinstance(value, list) else [value]
    return frozenset(one for one in listed if isinstance(one, str))
