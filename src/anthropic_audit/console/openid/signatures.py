"""Verification of a token's signature with the provider's public keys."""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import JWKRegistry
from joserfc.jws import JWSRegistry, deserialize_compact

from .doubts import Disbelief, disbelieved

_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *_CURVES)
"""Accepted signature algorithms: asymmetric ones only, without HMAC and `none`."""

_MAX_TOKEN_CHARS: Final = 100_000
_PARTS: Final = 3
_MODULUS: Final = range(342, 1_400)
"""Accepted lengths of an RSA key's modulus in base64url characters: from 2,048 bits to about 8,000."""
_LIBRARY: Final = (JoseError, ArithmeticError, LookupError, TypeError, ValueError, struct.error)
"""Errors that the library raises for an invalid key or token."""

Jwk = Mapping[str, Any]
"""A JSON Web Key, as a provider publishes it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a signed token."""

    algorithm: str
    key: str | None
    """The identifier of the key (`kid`), if the token names one."""


def read_header(token: str) -> Header:
    """Parse the header of a token.

    Raises:
        LoginRefusedError: It is not a signed token, or its algorithm is not accepted.
    """
    parts = token.split(".")
    if len(token) > _MAX_TOKEN_CHARS or len(parts) != _PARTS or not token.isascii():
        raise disbelieved(Disbelief.SHAPE)
    try:
        fields = orjson.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError as error:
        raise disbelieved(Disbelief.SHAPE) from error
    if (
        not isinstance(fields, dict)
        or not isinstance(fields.get("kid", ""), str)
        or "crit" in fields
        or "b64" in fields
    ):
        raise disbelieved(Disbelief.HEADER)
    if fields.get("alg") not in ALGORITHMS:
        raise disbelieved(Disbelief.ALGORITHM)
    return Header(fields["alg"], fields.get("kid"))


def choose(header: Header, keys: Sequence[Jwk]) -> Jwk | None:
    """Return the key that a token names, or if it names none, the only key for its algorithm; None if there is none."""
    fitting = [key for key in keys if _fits(key, header.algorithm)]
    if header.key is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.get("kid") == header.key), None)


def signed_claims(token: str, key: Jwk) -> Mapping[str, Any]:
    """Return the claims of a token after verifying its signature with a key.

    Raises:
        LoginRefusedError: The signature is invalid, or the token has no claims.
    """
    try:
        signed = deserialize_compact(token, JWKRegistry.import_key(dict(key)), registry=_Signatures())
        claims = orjson.loads(signed.payload or b"")
    except _LIBRARY as error:
        raise disbelieved(Disbelief.SIGNATURE) from error
    if not isinstance(claims, dict):
        raise disbelieved(Disbelief.EMPTY)
    return claims


class _Signatures(JWSRegistry):
    """Accepts `ALGORITHMS` only; headers may have unknown members, such as certificates."""

    max_header_length = _MAX_TOKEN_CHARS
    max_payload_length = _MAX_TOKEN_CHARS

    def __init__(self) -> None:
        super().__init__(algorithms=ALGORITHMS, strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        """Return the algorithm, without the library's warning that `EdDSA` was renamed."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def _fits(key: Jwk, algorithm: str) -> bool:
    """Return whether a key is for signatures by an algorithm and is strong enough."""
    if key.get("kty") != _KINDS[algorithm[:2]] or key.get("use", "sig") != "sig":
        return False
    if key.get("alg", algorithm) != algorithm:
        return False
    if key.get("kty") == "RSA":
        modulus = key.get("n")
        return isinstance(modulus, str) and len(modulus) in _MODULUS
    return key.get("crv") == _CURVES[algorithm]
