"""Logging in by OpenID Connect: access, roles and the access log."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.console.conftest import Serve, Served, csrf
from tests.console.identity import (
    CLIENT,
    DISCOVERY,
    KEYS,
    OPENID_SECRET,
    TOKEN,
    Provider,
    begin,
    challenge,
    come_back,
    log_in,
)

from anthropic_audit.errors import SetupError

SESSION, ATTEMPT = "anthropic_audit_session", "anthropic_audit_openid"


def test_whoever_is_in_a_list_gets_in_by_a_page_that_leads_on(openid: Served, provider: Provider) -> None:
    client, answer = log_in(openid, provider)

    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
    assert ATTEMPT not in client.cookies
    page = client.get("/")
    assert page.status_code == 200
    assert 'data-role="investigator"' in page.text
    assert "anna@acme.example" in page.text


def test_the_session_is_for_this_site_only_and_the_attempt_survives_the_way_back(
    openid: Served, provider: Provider
) -> None:
    client = openid.client()
    began = client.get("/openid/login")

    ended = come_back(client, provider.authorize(began.headers["location"]))

    attempt = began.headers["set-cookie"].split("; ")
    session, gone = (one.split("; ") for one in ended.headers.get_list("set-cookie"))
    assert {"HttpOnly", "SameSite=lax", "Path=/openid", "Max-Age=600"} <= set(attempt)
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(session)
    assert {"Max-Age=0", "Path=/openid"} <= set(gone)


def test_cookies_are_for_https_only_where_people_come_by_https(serve: Serve, provider: Provider) -> None:
    served = serve(openid=provider.settings(), public_url="https://audit.acme.example/")
    host = {"host": "audit.acme.example"}
    client = served.client()

    began = client.get("/openid/login", headers=host)
    asked = parse_qs(urlsplit(began.headers["location"]).query)
    cookie = began.headers["set-cookie"].partition(";")[0]
    back = provider.authorize(began.headers["location"]).replace("https://audit.acme.example", served.url)
    ended = client.get(back, headers={**host, "cookie": cookie})

    assert asked["redirect_uri"] == ["https://audit.acme.example/openid/callback"]
    assert ended.status_code == 200
    assert all("Secure" in one for one in [began.headers["set-cookie"], *ended.headers.get_list("set-cookie")])


def test_the_provider_is_asked_as_the_protocol_wants_it(openid: Served, provider: Provider) -> None:
    client = openid.client()

    location = begin(client)
    come_back(client, provider.authorize(location))

    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{provider.url}/authorize?tenant=one&")
    assert asked["response_type"] == "code"
    assert (asked["client_id"], asked["scope"]) == (CLIENT, "openid email profile")
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (
        f"{openid.url}/openid/callback",
        "S256",
    )
    assert asked["code_challenge"] == challenge(provider.forms[0]["code_verifier"])
    assert len({asked["state"], asked["nonce"], provider.forms[0]["code_verifier"]}) == 3
    assert all(len(asked[name]) >= 43 for name in ("state", "nonce"))
    assert provider.asked == [DISCOVERY, TOKEN, KEYS]


def test_no_two_logins_have_anything_in_common(openid: Served) -> None:
    asked = [parse_qs(urlsplit(begin(openid.client())).query) for _ in range(2)]

    assert all(asked[0][name] != asked[1][name] for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize(
    ("methods", "in_header"),
    [
        (None, True),
        (["client_secret_basic", "client_secret_post"], True),
        (["private_key_jwt", "client_secret_post"], False),
    ],
)
def test_the_secret_goes_where_the_provider_takes_it(
    openid: Served, provider: Provider, methods: list[str] | None, in_header: bool
) -> None:
    provider.discovery["token_endpoint_auth_methods_supported"] = methods

    _, answer = log_in(openid, provider)

    assert answer.status_code == 200
    assert bool(provider.authorizations[0]) == in_header
    assert ("client_secret" in provider.forms[0]) != in_header


def test_a_new_login_ends_the_session_before_it(openid: Served, provider: Provider) -> None:
    client, _ = log_in(openid, provider)
    old = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}
    back = provider.authorize(begin(client))
    attempt = {"cookie": f"{ATTEMPT}={client.cookies[ATTEMPT]}"}  # the session's is not sent from another site

    answer = openid.client().get(back, headers=attempt)

    assert answer.status_code == 200
    assert openid.client().get("/", headers=old).status_code == 303


def test_whoever_logs_out_is_out(openid: Served, provider: Provider) -> None:
    client, _ = log_in(openid, provider)
    stolen = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}

    answer = client.post("/logout", data={"csrf": csrf(client)})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert openid.client().get("/", headers=stolen).status_code == 303


def test_the_login_page_shows_the_ways_that_there_are(serve: Serve, provider: Provider) -> None:
    alone, both, without = serve(openid=provider.settings()), serve(has_users=True, openid=provider.settings()), serve()

    pages = [one.client().get("/login").text for one in (alone, both, without)]

    link = f"Log in with 127.0.0.1:{provider.url.rpartition(':')[2]}"
    assert [link in page for page in pages] == [True, True, False]
    assert ['name="password"' in page for page in pages] == [False, True, False]
    assert f'href="{alone.url}/openid/login"' in pages[0]
    assert without.client().get("/openid/login").status_code == 404


def test_with_a_provider_no_link_opens(openid: Served) -> None:
    assert openid.console.link() == openid.url
    assert openid.client().get("/enter?token=").status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104 - refused
def test_elsewhere_the_provider_has_to_know_where_people_come_back_to(
    serve: Serve, provider: Provider, host: str
) -> None:
    with pytest.raises(SetupError, match="needs the console's public URL") as caught:
        serve(openid=provider.settings(), host=host)

    assert "console.public_url" in str(caught.value.hint)


def test_with_a_provider_others_than_this_machine_are_served(serve: Serve, provider: Provider) -> None:
    served = serve(openid=provider.settings(), host="0.0.0.0", public_url="https://audit.acme.example")  # noqa: S104

    assert served.client().get("/").status_code == 303


def test_the_secret_is_shown_by_nothing(openid: Served, provider: Provider) -> None:
    _, answer = log_in(openid, provider)

    assert all(secret not in answer.text + openid.log.read_text() for secret in provider.secrets)
    assert OPENID_SECRET not in repr(openid.console.__dict__)
