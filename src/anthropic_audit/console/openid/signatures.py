"""Whether a provider signed a token: by its own keys, and by an algorithm whose key only it has."""

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
"""How a token may be signed: none of them uses a secret that we share, and none is no signature at all."""

_MAX_TOKEN_CHARS: Final = 100_000
_PARTS: Final = 3
_MODULUS: Final = range(342, 1_400)
"""Signs of an RSA key's modulus: from 2,048 bits to some 8,000."""
_LIBRARY: Final = (JoseError, ArithmeticError, LookupError, TypeError, ValueError, struct.error)
"""What the library raises at a key or token that is none."""

Jwk = Mapping[str, Any]
"""A key as a provider publishes it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of its signature."""

    algorithm: str
    key: str | None
    """The name of the key, if the provider gives keys names."""


def read_header(token: str) -> Header:
    """Read what a token says of its signature.

    Raises:
        LoginRefusedError: It is no signed token, or signed in a way that proves nothing.
    """
    parts = token.split(".")
    if len(token) > _MAX_TOKEN_CHARS or len(parts) != _PARTS or not token.isascii():
        raise disbelieved(Disbelief.SHAPE)
    try:
        told = orjson.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError as error:
        raise disbelieved(Disbelief.SHAPE) from error
    if not isinstance(told, dict) or not isinstance(told.get("kid", ""), str) or "crit" in told or "b64" in told:
        raise disbelieved(Disbelief.HEADER)
    if told.get("alg") not in ALGORITHMS:
        raise disbelieved(Disbelief.ALGORITHM)
    return Header(told["alg"], told.get("kid"))


def choose(header: Header, keys: Sequence[Jwk]) -> Jwk | None:
    """Return the key that a token says it was signed with; a token that names none is for the only key that fits."""
    fitting = [key for key in keys if _fits(key, header.algorithm)]
    if header.key is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.get("kid") == header.key), None)


def signed_claims(token: str, key: Jwk) -> Mapping[str, Any]:
    """Return what a token says, if it was signed with this key.

    Raises:
        LoginRefusedError: It was not, or says nothing.
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
    """Takes our algorithms and no others; headers may carry what we don't know, such as certificates."""

    max_header_length = _MAX_TOKEN_CHARS
    max_payload_length = _MAX_TOKEN_CHARS

    def __init__(self) -> None:
        super().__init__(algorithms=ALGORITHMS, strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        """Return the algorithm, without the library's warning that `EdDSA` has got a new name."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def _fits(key: Jwk, algorithm: str) -> bool:
    """Say whether a key is one for signatures by this algorithm, and no weaker than any should be."""
    if key.get("kty") != _KINDS[algorithm[:2]] or key.get("use", "sig") != "sig":
        return False
    if key.get("alg", algorithm) != algorithm:
        return False
    if key.get("kty") == "RSA":
        modulus = key.get("n")
        return isinstance(modulus, str) and len(modulus) in _MODULUS
    return key.get("crv") == _CURVES[algorithm]
