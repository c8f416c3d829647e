"""Who somebody is here, by what the provider claims of them: a name, and a role if any list has them; pure."""

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
    """Somebody whom the provider knows."""

    name: str
    subject: str
    role: Role | None
    """What they may see; None: they are in no list, and don't get in."""


def recognise(openid: OpenIdSettings, claims: Mapping[str, Any]) -> SignedInUser:
    """Return who somebody is, and what they may see; whoever is in two lists may see what the larger right gives.

    Raises:
        LoginRefusedError: The claims don't say who it is, or by an address that the provider calls unverified.
    """
    said = claims.get(openid.claim)
    if not isinstance(said, str) or not 0 < len(said.strip()) <= _MAX_NAME_CHARS or not said.isprintable():
        message = f"the identity provider doesn't identify you: it sent no usable claim `{openid.claim}`"
        raise LoginRefusedError(message, hint="ask the operator of this console to check `console.openid.claim` and `console.openid.scopes`")
    if openid.claim == EMAIL and claims.get("email_verified", True) not in (True, "true"):
        message = "the identity provider says that your e-mail address is not verified"
        raise LoginRefusedError(message, hint="verify it at the provider, then log in again")
    (name,) = map_names([said.strip()], openid.claim)
    return SignedInUser(name, str(claims["sub"]), _role(openid, name, _groups(claims.get(openid.groups_claim))))


def lacks(openid: OpenIdSettings, claims: Mapping[str, Any]) -> bool:
    """Say whether a claim that decides is missing, so that the provider has to be asked for more."""
    wants_groups = bool(openid.investigator_groups or openid.viewer_groups)
    return openid.claim not in claims or (wants_groups and openid.groups_claim not in claims)


def _role(openid: OpenIdSettings, name: str, groups: frozenset[str]) -> Role | None:
    if name in map_names(openid.investigators, openid.claim) or groups & set(openid.investigator_groups):
        return "investigator"
    if name in map_names(openid.viewers, openid.claim) or groups & set(openid.viewer_groups):
        return "viewer"
    return None


def _groups(value: object) -> frozenset[str]:
    """Return the groups that a claim lists; a single one may stand there without a list."""
    listed = value if isinstance(value, list) else [value]
    return frozenset(one for one in listed if isinstance(one, str))
