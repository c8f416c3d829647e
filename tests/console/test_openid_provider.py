"""The provider: key rotation, the number of requests, and slow or failed responses."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from tests.collecting import NOW
from tests.console.conftest import PASSWORD, Serve, Served
from tests.console.identity import (
    DISCOVERY,
    KEYS,
    Provider,
    as_json,
    key_of,
    log_in,
    public,
    signed,
)

from anthropic_audit.errors import SetupError
from anthropic_audit.testing import FakeClock

SESSION, ATTEMPT = "anthropic_audit_session", "anthropic_audit_openid"


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("RS256", "RSA"),
        ("RS512", "RSA"),
        ("PS256", "RSA"),
        ("PS384", "RSA"),
        ("ES256", "P-256"),
        ("ES384", "P-384"),
        ("ES512", "P-521"),
        ("EdDSA", "Ed25519"),
        ("Ed25519", "Ed25519"),
    ],
)
def test_each_way_of_signing_that_proves_something_is_understood(
    openid: Served, provider: Provider, algorithm: str, kind: str
) -> None:
    provider.published = [public(key_of(kind))]
    provider.sign = lambda claims: signed(claims, key_of(kind), algorithm)

    assert log_in(openid, provider)[1].status_code == 200


def test_keys_that_nobody_understands_keep_nobody_out(openid: Served, provider: Provider) -> None:
    odd: list[Any] = [{"kty": "AKP", "kid": "one"}, {}, "x", None, {"kty": "RSA", "kid": "one", "n": 1}]
    provider.published = [*odd, public(key_of("RSA"), use="enc"), *provider.published]

    assert log_in(openid, provider)[1].status_code == 200


def test_a_key_without_a_name_is_believed_if_it_is_the_only_one(openid: Served, provider: Provider) -> None:
    nameless = {name: value for name, value in public(provider.key).items() if name != "kid"}
    provider.published = [nameless, public(key_of("P-256"))]
    provider.sign = lambda claims: signed(claims, provider.key, kid=None)

    assert log_in(openid, provider)[1].status_code == 200


def test_keys_are_asked_for_again_when_the_provider_has_changed_them(openid: Served, provider: Provider) -> None:
    log_in(openid, provider)
    provider.key = key_of("RSA", "two")
    provider.published = [public(provider.key)]

    answers = [log_in(openid, provider)[1].status_code for _ in range(2)]

    assert answers == [200, 200]
    assert provider.asked.count(KEYS) == 2


def test_keys_that_stay_unknown_are_not_asked_for_all_the_time(openid: Served, provider: Provider) -> None:
    provider.sign = lambda claims: signed(claims, key_of("RSA", "two"))

    answers = [log_in(openid, provider)[1].status_code for _ in range(4)]
    before = provider.asked.count(KEYS)
    openid.clock.advance(timedelta(minutes=1))
    provider.clock.advance(timedelta(minutes=1))
    log_in(openid, provider)

    assert answers == [403] * 4
    assert (before, provider.asked.count(KEYS)) == (2, 3)


def test_documents_are_kept_for_an_hour(openid: Served, provider: Provider) -> None:
    for _ in range(2):
        for _ in range(3):
            assert log_in(openid, provider)[1].status_code == 200
        openid.clock.advance(timedelta(hours=1))
        provider.clock.advance(timedelta(hours=1))

    assert (provider.asked.count(DISCOVERY), provider.asked.count(KEYS)) == (2, 2)


def test_passwords_work_beside_a_provider_that_is_down(serve: Serve) -> None:
    with Provider(FakeClock(NOW)).serving() as gone:
        settings = gone.settings()
    served = serve(has_users=True, openid=settings)
    client = served.client()

    answer = client.get("/openid/login")

    assert answer.status_code == 503
    assert "the identity provider can&#39;t be reached" in answer.text
    assert "try again in a minute" in answer.text
    assert 'name="password"' in answer.text
    assert client.post("/login", data={"name": "viewer", "password": PASSWORD}).status_code == 303


def test_a_provider_that_comes_back_is_asked_again(openid: Served, provider: Provider) -> None:
    provider.replies[DISCOVERY] = as_json({}, 503)
    down = [openid.client().get("/openid/login").status_code for _ in range(3)]
    asked = len(provider.asked)
    del provider.replies[DISCOVERY]
    openid.clock.advance(timedelta(seconds=5))

    assert (down, asked) == ([503] * 3, 1)
    assert log_in(openid, provider)[1].status_code == 200


def test_a_slow_provider_holds_up_nobody_else(serve: Serve, provider: Provider) -> None:
    served = serve(has_users=True, openid=provider.settings())
    free = threading.Event()
    discovery = provider._discovery

    def slowly() -> dict[str, Any]:
        free.wait(20)
        return discovery()

    provider._discovery = slowly  # type: ignore[method-assign]
    with ExitStack() as stack:
        stack.callback(free.set)
        waiting = [threading.Thread(target=served.client().get, args=("/openid/login",)) for _ in range(12)]
        for one in waiting:
            one.start()
        started = time.monotonic()
        page = served.inside("viewer").get("/api/overview/numbers")
        seconds = time.monotonic() - started
        free.set()
        for one in waiting:
            one.join()

    assert page.status_code == 200
    assert seconds < 8


def test_a_file_of_authorities_that_is_none_is_told(serve: Serve, provider: Provider) -> None:
    with pytest.raises(SetupError, match=r"`console\.openid`: a certificate can't be used"):
        serve(openid=provider.settings(ca_file="/nowhere"))


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://127.0.0.1:1"])
def test_a_proxy_that_is_none_is_told(serve: Serve, provider: Provider, proxy: str) -> None:
    with pytest.raises(SetupError, match="the proxy can't be used"):
        serve(openid=provider.settings(proxy_url=proxy))
