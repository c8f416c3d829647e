"""Validation of an ID token's claims against the login that requested it (OpenID Connect Core, 3.1.3.7); pure."""

from __future__ import annotations

import hmac
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import new
from typing import Any, Final

from .doubts import Disbelief, disbelieved

LEEWAY: Final = timedelta(seconds=60)
"""Largest accepted difference between the provider's clock and ours."""
_MAX_SUBJECT_CHARS: Final = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """The values that an ID token is compared with."""

    issuer: str
    client_id: str
    nonce: str
    algorithm: str
    access_token: str


def check_claims(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    """Compare claims with the expected values.

    Raises:
        LoginRefusedError: The token has another issuer, audience or nonce, is not valid now, or names no subject.
    """
    if claims.get("iss") != expected.issuer:
        raise disbelieved(Disbelief.ISSUER)
    _check_audience(claims, expected.client_id)
    _check_times(claims, now)
    if not _is_same(claims.get("nonce"), expected.nonce):
        raise disbelieved(Disbelief.NONCE)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT_CHARS:
        raise disbelieved(Disbelief.SUBJECT)
    if "at_hash" in claims and not _is_same(claims["at_hash"], _half_hash(expected)):
        raise disbelieved(Disbelief.HASH)


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if client_id not in named:
        raise disbelieved(Disbelief.AUDIENCE)
    if claims.get("azp", client_id) != client_id or (len(named) > 1 and "azp" not in claims):
        raise disbelieved(Disbelief.PARTY)


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    here, leeway = now.timestamp(), LEEWAY.total_seconds()
    issued, ends = _moment(claims, "iat"), _moment(claims, "exp")
    if ends <= here - leeway:
        raise disbelieved(Disbelief.EXPIRED)
    if max(issued, _moment(claims, "nbf") if "nbf" in claims else issued) > here + leeway:
        raise disbelieved(Disbelief.FUTURE)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise disbelieved(Disbelief.TIMELESS)
    return value


def _half_hash(expected: Expected) -> str:
    """Return the left half of the access token's hash, as in `at_hash`; Ed25519 uses SHA-512."""
    bits = "512" if expected.algorithm.startswith("Ed") else expected.algorithm[2:]
    digest = new(f"sha{bits}", expected.access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _is_same(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(errors="replace"), expected.encode())
