"""Callbacks with the state of another browser, an old one, none, or another provider's response."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.console.conftest import Served
from tests.console.identity import (
    Provider,
    begin,
    come_back,
    log_in,
)
from tests.console.refusals import assert_refused

pytestmark = pytest.mark.usefixtures("nothing_is_told")


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
    assert_refused(second, openid.client(), provider, "was already used")


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

    assert_refused(come_back(client, back), client, provider, "response of another identity provider")


def test_a_provider_that_names_itself_is_believed(openid: Served, provider: Provider) -> None:
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    client = openid.client()

    assert come_back(client, f"{provider.authorize(begin(client))}&iss={provider.url}").status_code == 200


def test_a_code_of_another_login_is_refused(openid: Served, provider: Provider) -> None:
    mine, theirs = openid.client(), openid.client()
    stolen = parse_qs(urlsplit(provider.authorize(begin(theirs))).query)["code"][0]
    back = provider.authorize(begin(mine))

    answer = come_back(mine, back.replace(parse_qs(urlsplit(back).query)["code"][0], stolen))

    assert_refused(answer, mine, provider, "doesn't accept the code", "log in again")


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
