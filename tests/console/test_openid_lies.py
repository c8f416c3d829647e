"""A provider that lies, a browser that is not the one, an answer of somebody else: nobody gets in by any of it."""

from __future__ import annotations

import gzip
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import OctKey
from tests.console.conftest import Serve, Served
from tests.console.identity import (
    CLIENT,
    DISCOVERY,
    KEYS,
    PERSON,
    TOKEN,
    USERINFO,
    Provider,
    Reply,
    as_json,
    begin,
    come_back,
    key_of,
    log_in,
    public,
    signed,
)

SESSION = "anthropic_audit_session"
Sign = Callable[[Mapping[str, Any]], str]


@pytest.fixture(autouse=True)
def _nothing_is_told(openid: Served, provider: Provider, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test: no secret in the access log or in any other, and no traceback."""
    yield
    written = openid.log.read_text() + caplog.text
    assert not [secret for secret in provider.secrets if secret in written]
    assert "Traceback" not in written


def assert_refused(answer: httpx2.Response, client: httpx2.Client, provider: Provider, *said: str) -> None:
    """Hold an answer to: a page that says no, with what to do, without secrets, and without a session."""
    assert answer.status_code in {403, 429, 503}, answer.text
    assert "<h1>Log in</h1>" in answer.text
    assert 'role="alert"' in answer.text
    for words in said:
        assert words in answer.text.replace("&#39;", "'")
    assert not [secret for secret in provider.secrets if secret in answer.text]
    assert SESSION not in client.cookies
    assert client.get("/").status_code == 303


def refused(served: Served, provider: Provider, *said: str) -> None:
    client, answer = log_in(served, provider)
    assert_refused(answer, client, provider, *said)


def segment(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: Mapping[str, Any], algorithm: object = "none") -> str:
    return f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(dict(claims))}."


def by_public_key(claims: Mapping[str, Any]) -> str:
    """Sign with the text of the public key as if it were a secret that both sides share."""
    pem = key_of("RSA").as_pem(private=False)  # type: ignore[union-attr] # an RSA key has one
    return signed(claims, OctKey.import_key(urlsafe_b64encode(pem).decode()), "HS256", kid="one")


def forged(claims: Mapping[str, Any]) -> str:
    """Change what was signed."""
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


@pytest.mark.parametrize("sign", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_what_the_provider_did_not_sign_is_not_believed(openid: Served, provider: Provider, sign: Sign) -> None:
    provider.published = [public(key_of("RSA")), public(key_of("P-256", "two"))]
    if sign is SIGNATURES["a key of another kind"]:
        provider.published = [public(key_of("P-256"), kty="RSA")]
    provider.sign = sign

    refused(openid, provider, "can't be")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.example"}, "another provider's"),
        ({"iss": None}, "another provider's"),
        ({"aud": "another"}, "for another client"),
        ({"aud": None}, "for another client"),
        ({"aud": ["another"]}, "for another client"),
        ({"aud": []}, "for another client"),
        ({"aud": {CLIENT: True}}, "for another client"),
        ({"aud": [CLIENT, "another"]}, "given to another client"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "given to another client"),
        ({"azp": "another"}, "given to another client"),
        ({"nonce": "another"}, "of another login"),
        ({"nonce": None}, "of another login"),
        ({"nonce": 1}, "of another login"),
        ({"exp": None}, "when it counts"),
        ({"iat": None}, "when it counts"),
        ({"exp": "1"}, "when it counts"),
        ({"exp": True}, "when it counts"),
        ({"exp": 1}, "expired"),
        ({"iat": 2**40}, "from the future"),
        ({"nbf": 2**40}, "from the future"),
        ({"nbf": "x"}, "when it counts"),
        ({"sub": None}, "who it is about"),
        ({"sub": ""}, "who it is about"),
        ({"sub": 1}, "who it is about"),
        ({"sub": "x" * 256}, "who it is about"),
        ({"at_hash": "another"}, "don't belong together"),
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


def test_a_state_of_another_browser_opens_nothing(openid: Served, provider: Provider) -> None:
    mine, theirs = openid.client(), openid.client()
    begin(theirs)
    back = provider.authorize(begin(mine))

    assert_refused(come_back(theirs, back), theirs, provider, "began in another browser", "log in again")
    assert_refused(come_back(openid.client(), back), openid.client(), provider, "began in another browser")
    assert come_back(mine, back).status_code == 200


def test_a_state_counts_once(openid: Served, provider: Provider) -> None:
    client = openid.client()
    back = provider.authorize(begin(client))
    cookie = {"cookie": f"anthropic_audit_openid={client.cookies['anthropic_audit_openid']}"}

    first, second = come_back(client, back), openid.client().get(back, headers=cookie)

    assert first.status_code == 200
    assert_refused(second, openid.client(), provider, "was used before")


def test_a_state_counts_for_ten_minutes(openid: Served, provider: Provider) -> None:
    for seconds, status in ((599, 200), (600, 403)):
        client = openid.client()
        back = provider.authorize(begin(client))
        openid.clock.advance(timedelta(seconds=seconds))
        provider.clock.advance(timedelta(seconds=seconds))

        assert come_back(client, back).status_code == status


@pytest.mark.parametrize("change", ["state=x", "state=", "x=y", "state=STATE&state=STATE", "state=STATE&code=2"])
def test_an_answer_that_is_none_opens_nothing(openid: Served, provider: Provider, change: str) -> None:
    client = openid.client()
    back = provider.authorize(begin(client))
    state = parse_qs(urlsplit(back).query)["state"][0]
    answer = come_back(client, back.replace(f"state={state}", change.replace("STATE", state)))

    assert_refused(answer, client, provider)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "did not log you in: access_denied"),
        ("login_required", "did not log you in: login_required"),
        ("<script>alert(1)</script>", "did not log you in"),
        ("call+0800-1234", "did not log you in"),
    ],
)
def test_a_refusal_of_the_provider_is_told_in_our_words(
    openid: Served, provider: Provider, error: str, said: str
) -> None:
    client = openid.client()
    state = parse_qs(urlsplit(provider.authorize(begin(client))).query)["state"][0]

    answer = client.get("/openid/callback", params={"state": state, "error": error, "error_description": "hidden"})

    assert_refused(answer, client, provider, said)
    assert "hidden" not in answer.text + openid.log.read_text()
    assert ("alert(1)" in answer.text, "0800" in answer.text) == (False, False)


@pytest.mark.parametrize(("names_itself", "issuer"), [(True, None), (True, "https://evil.example"), (None, "x")])
def test_an_answer_of_another_provider_is_refused(
    openid: Served, provider: Provider, names_itself: bool | None, issuer: str | None
) -> None:
    provider.discovery["authorization_response_iss_parameter_supported"] = names_itself
    client = openid.client()
    back = provider.authorize(begin(client)) + (f"&iss={issuer}" if issuer else "")

    assert_refused(come_back(client, back), client, provider, "another identity provider's answer")


def test_a_provider_that_names_itself_is_believed(openid: Served, provider: Provider) -> None:
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    client = openid.client()

    assert come_back(client, f"{provider.authorize(begin(client))}&iss={provider.url}").status_code == 200


def test_a_code_of_another_login_is_refused(openid: Served, provider: Provider) -> None:
    mine, theirs = openid.client(), openid.client()
    stolen = parse_qs(urlsplit(provider.authorize(begin(theirs))).query)["code"][0]
    back = provider.authorize(begin(mine))

    answer = come_back(mine, back.replace(parse_qs(urlsplit(back).query)["code"][0], stolen))

    assert_refused(answer, mine, provider, "doesn't take the code", "log in again")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (as_json({"error": "invalid_grant", "error_description": "hidden"}, 400), "doesn't take the code"),
        (as_json({"error": "invalid_client", "error_description": "hidden"}, 401), "client_id and secret"),
        (as_json({"error": "hidden"}, 400), "answered 400"),
        (as_json(["hidden"], 400), "answered 400"),
        (Reply(500, b"<h1>hidden</h1>"), "answered 500"),
        (Reply(302, b"", {"location": "/userinfo?hidden"}), "answered 302"),
        (Reply(307, b"", {"location": "/token"}), "answered 307"),
        (Reply(200, b""), "can't be read"),
        (Reply(200, b"hidden"), "can't be read"),
        (as_json([]), "can't be read"),
        (as_json({}), "can't be read"),
        (as_json({"id_token": 1}), "can't be read"),
        (as_json({"id_token": "x.y.z", "access_token": ["hidden"]}), "can't be read"),
        (as_json({"id_token": "hidden"}), "the token is none"),
        (Reply(200, b"[" * 100_000), "can't be read"),
        (Reply(200, b"x" * 300_000), "too large"),
        (Reply(200, gzip.compress(b"x" * 50_000_000), {"content-encoding": "gzip"}), "answers packed"),
        (Reply(200, b"", {"content-length": "99"}), "can't be reached"),
    ],
)
def test_answers_that_are_none_are_told_in_our_words(
    openid: Served, provider: Provider, reply: Reply, said: str
) -> None:
    provider.replies[TOKEN] = reply

    client, answer = log_in(openid, provider)

    assert_refused(answer, client, provider, said)
    assert "hidden" not in answer.text + openid.log.read_text()
    assert provider.asked == [DISCOVERY, TOKEN]


@pytest.mark.parametrize(
    ("discovery", "said"),
    [
        ({"issuer": "https://evil.example"}, "another issuer's"),
        ({"issuer": "URL/"}, "another issuer's"),
        ({"issuer": None}, "another issuer's"),
        ({"authorization_endpoint": None}, "no usable `authorization_endpoint`"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no usable `authorization_endpoint`"),
        ({"token_endpoint": "http://evil.example/token"}, "no usable `token_endpoint`"),
        ({"token_endpoint": 1}, "no usable `token_endpoint`"),
        ({"jwks_uri": "file:///etc/passwd"}, "no usable `jwks_uri`"),
        ({"userinfo_endpoint": "http://user@127.0.0.1/"}, "no usable `userinfo_endpoint`"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "takes no client secret"),
    ],
)
def test_a_discovery_document_that_leads_elsewhere_is_refused(
    openid: Served, provider: Provider, discovery: dict[str, Any], said: str
) -> None:
    provider.discovery = {
        name: value.replace("URL", provider.url) if isinstance(value, str) else value
        for name, value in discovery.items()
    }
    client = openid.client()

    assert_refused(client.get("/openid/login"), client, provider, said)


@pytest.mark.parametrize("keys", [{}, {"keys": "x"}, [], {"keys": []}, {"keys": [{"kty": "RSA", "n": "x" * 400}]}])
def test_keys_that_are_none_open_nothing(openid: Served, provider: Provider, keys: object) -> None:
    provider.replies[KEYS] = as_json(keys)

    refused(openid, provider)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (as_json({**PERSON, "sub": "subject-2"}), "tells more of somebody else"),
        (as_json({"email": "anna@acme.example"}), "tells more of somebody else"),
        (as_json({"sub": "subject-1"}), "no usable claim"),
        (as_json({**PERSON, "email_verified": False}), "not verified"),
        (as_json({}, 401), "answered 401"),
        (Reply(200, b"header.payload.signature"), "can't be read"),
        (Reply(302, b"", {"location": "/userinfo"}), "answered 302"),
    ],
)
def test_what_is_told_beside_the_token_has_to_be_of_the_same_person(
    openid: Served, provider: Provider, more: Reply, said: str
) -> None:
    provider.discovery["userinfo_endpoint"] = f"{provider.url}{USERINFO}"
    provider.person = {"sub": "subject-1"}
    provider.replies[USERINFO] = more

    refused(openid, provider, said)


def test_trying_ends_after_some_tries_and_starts_again_later(openid: Served, provider: Provider) -> None:
    provider.claims = {"nonce": "another"}
    tries = [log_in(openid, provider)[1].status_code for _ in range(8)]
    provider.claims = {}
    client = openid.client()

    assert tries == [403] * 8
    assert client.get("/openid/login").status_code == 429
    assert client.get("/openid/callback?state=x").status_code == 429
    openid.clock.advance(timedelta(minutes=5))
    provider.clock.advance(timedelta(minutes=5))
    assert log_in(openid, provider)[1].status_code == 200


def test_a_success_forgets_the_failures_before_it(openid: Served, provider: Provider) -> None:
    for _ in range(3):
        provider.claims = {"nonce": "another"}
        wrong = [log_in(openid, provider)[1].status_code for _ in range(5)]
        provider.claims = {}

        assert (wrong, log_in(openid, provider)[1].status_code) == ([403] * 5, 200)


def test_what_belongs_to_no_login_makes_nobody_wait(openid: Served, provider: Provider) -> None:
    tries = [openid.client().get("/openid/callback?state=x&code=y").status_code for _ in range(20)]

    assert tries == [403] * 20
    assert log_in(openid, provider)[1].status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(
    serve: Serve, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve(openid=provider.settings(timeout="1s"))

    def silent() -> Iterator[bytes]:
        provider.ends.wait(20)
        yield b"{}"

    def dripping() -> Iterator[bytes]:
        while not provider.ends.wait(0.1):
            yield b" "

    def endless() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-Endless: "
        while not provider.ends.wait(0.1):
            yield b"x"

    for status, body, said in (
        (200, silent, "no answer in time"),
        (200, dripping, "its answer takes too long"),
        (0, endless, "it takes too long"),
    ):
        provider.replies[DISCOVERY] = Reply(status, body)
        client = served.client()
        answer = client.get("/openid/login")
        served.clock.advance(timedelta(minutes=1))

        assert_refused(answer, client, provider, said, "try it again in a minute")
    assert "Traceback" not in caplog.text
