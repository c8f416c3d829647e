"""Invalid tokens: those that the provider did not sign, or not for this login, give no access."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey
from tests.console.conftest import Served
from tests.console.identity import (
    CLIENT,
    Provider,
    key_of,
    log_in,
    public,
    signed,
)
from tests.console.refusals import refused, segment

pytestmark = pytest.mark.usefixtures("nothing_is_told")

Sign = Callable[[Mapping[str, Any]], str]


def unsigned(claims: Mapping[str, Any], algorithm: object = "none") -> str:
    return f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(dict(claims))}."


def by_public_key(claims: Mapping[str, Any]) -> str:
    """Sign with the text of the public key as if it were a secret that both sides share."""
    pem = key_of("RSA").as_pem(private=False)  # type: ignore[union-attr] # an RSA key has one
    return signed(claims, OctKey.import_key(urlsafe_b64encode(pem).decode()), "HS256", kid="one")


def forged(claims: Mapping[str, Any]) -> str:
    """Return a token with changed claims and the original signature."""
    header, _, signature = signed({**claims, "email": "eve@acme.example"}, key_of("RSA")).split(".")
    return f"{header}.{segment(dict(claims))}.{signature}"


SIGNATURES: Mapping[str, Sign] = {
    "another key of the same name": lambda claims: signed(claims, key_of("RSA", "two"), kid="one"),
    "another key of another name": lambda claims: signed(claims, key_of("RSA", "two")),
    "another key of no name": lambda claims: signed(claims, key_of("RSA", "two"), kid=None),
    "a changed text": forged,
    "no signature": unsigned,
    "no signature, written None": lambda claims: unsigned(claims, "None"),
    "no algorithm": lambda claims: unsigned(claims, None),
    "an algorithm that is a list": lambda claims: unsigned(claims, ["RS256"]),
    "RS256 without a signature": lambda claims: unsigned(claims, "RS256"),
    "the public key as a secret": by_public_key,
    "the client's secret": lambda claims: signed(claims, OctKey.import_key("0" * 32), "HS256", kid="one"),
    "a key of another kind": lambda claims: signed(claims, key_of("P-256")),
    "a key in the header": lambda claims: signed(
        claims, key_of("RSA", "two"), kid="one", jwk=public(key_of("RSA", "two"))
    ),
    "a critical header": lambda claims: signed(claims, key_of("RSA"), crit=["exp"], exp=1),
    "a name that is none": lambda claims: signed(claims, key_of("RSA"), kid=1),
    "a header that is a list": lambda claims: f"{segment(['alg'])}.{segment(dict(claims))}.x",
    "a header that is a text": lambda claims: f"{segment('alg')}.{segment(dict(claims))}.x",
    "a deep header": lambda claims: f"{urlsafe_b64encode(b'[' * 30_000).decode()}.{segment(dict(claims))}.x",
    "a deep payload": lambda claims: f"{segment({'alg': 'RS256'})}.{urlsafe_b64encode(b'[' * 30_000).decode()}.x",
    "five parts": lambda claims: signed(claims, key_of("RSA")) + ".x.y",
    "one part": lambda _: "token",
    "nothing": lambda _: "",
    "another alphabet": lambda claims: signed(claims, key_of("RSA")) + "é",
    "a giant": lambda claims: signed({**claims, "x": "y" * 100_000}, key_of("RSA")),
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("sign", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_what_the_provider_did_not_sign_is_not_believed(openid: Served, provider: Provider, sign: Sign) -> None:
    provider.published = [public(key_of("RSA")), public(key_of("P-256", "two"))]
    if sign is SIGNATURES["a key of another kind"]:
        provider.published = [public(key_of("P-256"), kty="RSA")]
    provider.sign = sign

    refused(openid, provider, "can't be")


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.example"}, "issued by another provider"),
        ({"iss": None}, "issued by another provider"),
        ({"aud": "another"}, "for another client"),
        ({"aud": None}, "for another client"),
        ({"aud": ["another"]}, "for another client"),
        ({"aud": []}, "for another client"),
        ({"aud": {CLIENT: True}}, "for another client"),
        ({"aud": [CLIENT, "another"]}, "issued to another client"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "issued to another client"),
        ({"azp": "another"}, "issued to another client"),
        ({"nonce": "another"}, "belongs to another login"),
        ({"nonce": None}, "belongs to another login"),
        ({"nonce": 1}, "belongs to another login"),
        ({"exp": None}, "when it is valid"),
        ({"iat": None}, "when it is valid"),
        ({"exp": "1"}, "when it is valid"),
        ({"exp": True}, "when it is valid"),
        ({"exp": 1}, "expired"),
        ({"iat": 2**40}, "from the future"),
        ({"nbf": 2**40}, "from the future"),
        ({"nbf": "x"}, "when it is valid"),
        ({"sub": None}, "doesn't name a subject"),
        ({"sub": ""}, "doesn't name a subject"),
        ({"sub": 1}, "doesn't name a subject"),
        ({"sub": "x" * 256}, "doesn't name a subject"),
        ({"at_hash": "another"}, "don't match"),
        ({"at_hash": None, "email": None}, "no usable claim `email`"),
        ({"email": ""}, "no usable claim `email`"),
        ({"email": ["anna@acme.example"]}, "no usable claim `email`"),
        ({"email": "anna@acme.example\n"}, "no usable claim `email`"),
        ({"email": "a" * 300}, "no usable claim `email`"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": "false"}, "not verified"),
        ({"email_verified": 0}, "not verified"),
    ],
)
def test_what_does_not_fit_the_login_is_not_believed(
    openid: Served, provider: Provider, claims: dict[str, Any], said: str
) -> None:
    provider.claims = claims

    refused(openid, provider, said)


@pytest.mark.parametrize(
    ("seconds", "is_let_in"), [(-361, False), (-360, False), (-359, True), (60, True), (61, False), (3600, False)]
)
def test_clocks_may_differ_by_a_minute(openid: Served, provider: Provider, seconds: int, is_let_in: bool) -> None:
    provider.clock.advance(timedelta(seconds=seconds))

    assert (log_in(openid, provider)[1].status_code == 200) == is_let_in
