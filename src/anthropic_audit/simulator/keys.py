"""Keys of every kind, and their permissions (Compliance API, Authentication).

These keys are derived from the simulator's seed, and valid for the simulator only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from anthropic_audit.redact import Secret

from .http import RefusalError, not_found
from .seeded import letters

ACTIVITIES_SCOPES = ("read:compliance_activities", "read:org_audit")
ORGANIZATION_SCOPES = ("read:compliance_org_data",)
USER_SCOPES = ("read:compliance_user_data",)
ALL_SCOPES = (*ACTIVITIES_SCOPES[:1], *ORGANIZATION_SCOPES, *USER_SCOPES)


class KeyKind(StrEnum):
    """The kind of a key; the value is the prefix of its secret."""

    COMPLIANCE = "sk-ant-api01-"
    ADMIN = "sk-ant-admin01-"
    CLAUDE = "sk-ant-api03-"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key of the organization."""

    name: str
    id: str
    kind: KeyKind
    secret: Secret
    scopes: tuple[str, ...] = ()
    is_revoked: bool = False

    def permits(self, needed: tuple[str, ...]) -> None:
        """Check that the key has one of the scopes.

        Raises:
            RefusalError: The key has none of the scopes (403).
        """
        if set(self.scopes).isdisjoint(needed):
            message = f"Missing required scopes. Got: [{', '.join(self.scopes)}] Needed: [{needed[0]}]"
            raise RefusalError(HTTPStatus.FORBIDDEN, "permission_error", message)


class KeyRing:
    """The keys of one parent organization."""

    def __init__(self, keys: Iterable[AccessKey]) -> None:
        self._keys = {key.name: key for key in keys}

    def authenticate(self, presented: str | None) -> AccessKey:
        """Return the key that a request presents.

        Raises:
            RefusalError: The request has no key, or one of another kind (404); or the key is unknown or revoked (401).
        """
        if presented is None or presented.startswith(KeyKind.CLAUDE):
            raise not_found()
        for key in self._keys.values():
            if key.secret.reveal() == presented and not key.is_revoked:
                return key
        message = "Invalid API key"
        raise RefusalError(HTTPStatus.UNAUTHORIZED, "authentication_error", message)

    def add(self, key: AccessKey) -> None:
        """Add a key; it replaces a key of the same name."""
        self._keys[key.name] = key

    def revoke(self, name: str) -> None:
        """Revoke a key.

        Raises:
            KeyError: No key has this name.
        """
        self._keys[name] = replace(self._keys[name], is_revoked=True)

    def named(self, name: str) -> AccessKey:
        """Return a key by its name.

        Raises:
            KeyError: No key has this name.
        """
        return self._keys[name]

    def each(self) -> list[AccessKey]:
        """Return all keys."""
        return list(self._keys.values())


def demo_keys(seed: int) -> list[AccessKey]:
    """Return one key of each sort that the documentation distinguishes, the same for the same seed."""
    return [
        new_key("compliance", seed, kind=KeyKind.COMPLIANCE, scopes=ALL_SCOPES),
        new_key("admin", seed, kind=KeyKind.ADMIN, scopes=ACTIVITIES_SCOPES[:1]),
        new_key("early_admin", seed, kind=KeyKind.ADMIN),
        new_key("narrow", seed, kind=KeyKind.COMPLIANCE, scopes=ORGANIZATION_SCOPES),
        replace(new_key("revoked", seed, kind=KeyKind.COMPLIANCE, scopes=ALL_SCOPES), is_revoked=True),
        new_key("claude", seed, kind=KeyKind.CLAUDE),
    ]


def new_key(name: str, seed: int, *, kind: KeyKind, scopes: tuple[str, ...] = ()) -> AccessKey:
    """Return a new key whose secret depends on its name and the seed alone."""
    secret = Secret(f"{kind.value}SIM{letters(45, 'secret', seed, name)}-SIMULATEDAA")
    return AccessKey(name, f"apikey_01{letters(22, 'key', seed, name)}", kind, secret, scopes)
