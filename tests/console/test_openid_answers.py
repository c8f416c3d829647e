"""Invalid, redirecting and endless responses of a provider: each is refused with our own message."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.console.conftest import Serve, Served
from tests.console.identity import (
    DISCOVERY,
    KEYS,
    PERSON,
    TOKEN,
    USERINFO,
    Provider,
    Reply,
    as_json,
    log_in,
)
from tests.console.refusals import assert_refused, refused

pytestmark = pytest.mark.usefixtures("nothing_is_told")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (as_json({"error": "invalid_grant", "error_description": "hidden"}, 400), "doesn't accept the code"),
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
        (as_json({"id_token": "hidden"}), "the token is not a signed token"),
        (Reply(200, b"[" * 100_000), "can't be read"),
        (Reply(200, b"x" * 300_000), "too large"),
        (Reply(200, gzip.compress(b"x" * 50_000_000), {"content-encoding": "gzip"}), "response is compressed"),
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
        ({"issuer": "https://evil.example"}, "names another issuer"),
        ({"issuer": "URL/"}, "names another issuer"),
        ({"issuer": None}, "names another issuer"),
        ({"authorization_endpoint": None}, "no usable `authorization_endpoint`"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no usable `authorization_endpoint`"),
        ({"token_endpoint": "http://evil.example/token"}, "no usable `token_endpoint`"),
        ({"token_endpoint": 1}, "no usable `token_endpoint`"),
        ({"jwks_uri": "file:///etc/passwd"}, "no usable `jwks_uri`"),
        ({"userinfo_endpoint": "http://user@127.0.0.1/"}, "no usable `userinfo_endpoint`"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "doesn't accept a client secret"),
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
        (as_json({**PERSON, "sub": "subject-2"}), "userinfo is about another user"),
        (as_json({"email": "anna@acme.example"}), "userinfo is about another user"),
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

    for status, body in ((200, silent), (200, dripping), (0, endless)):
        provider.replies[DISCOVERY] = Reply(status, body)
        client = served.client()
        answer = client.get("/openid/login")
        served.clock.advance(timedelta(minutes=1))

        assert_refused(answer, client, provider, "no complete answer in time", "try again in a minute")
    assert "Traceback" not in caplog.text
