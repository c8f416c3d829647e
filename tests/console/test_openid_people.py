"""Users of a provider: their roles by the settings' lists, and the access log."""

from __future__ import annotations

from typing import Any

import pytest
from tests.console.conftest import Serve, Served
from tests.console.identity import (
    USERINFO,
    Provider,
    log_in,
)

SESSION, ATTEMPT = "anthropic_audit_session", "anthropic_audit_openid"


@pytest.mark.parametrize(
    ("role", "settings", "person"),
    [
        ("investigator", {"investigators": ["ANNA@acme.EXAMPLE"]}, {}),
        ("viewer", {"viewers": ["anna@acme.example"], "investigators": []}, {}),
        ("viewer", {"viewers": ["anna@acme.example"], "investigators": []}, {"email_verified": None}),
        ("viewer", {"viewers": ["anna@acme.example"], "investigators": []}, {"email_verified": "true"}),
        ("viewer", {"investigators": [], "viewer_groups": ["audit"]}, {"groups": ["all", "audit"]}),
        ("investigator", {"investigators": [], "investigator_groups": ["audit"]}, {"groups": "audit"}),
        ("investigator", {"viewer_groups": ["audit"]}, {"groups": ["audit"]}),
        ("investigator", {"viewer_groups": ["all"], "investigator_groups": ["audit"]}, {"groups": ["all", "audit"]}),
        ("viewer", {"investigators": [], "viewer_groups": ["x"], "groups_claim": "roles"}, {"roles": ["x"]}),
        ("investigator", {"investigators": ["anna"], "claim": "preferred_username"}, {"preferred_username": "anna"}),
    ],
)
def test_lists_and_groups_say_who_sees_what(
    serve: Serve, provider: Provider, *, role: str, settings: dict[str, Any], person: dict[str, Any]
) -> None:
    provider.person |= person
    client, answer = log_in(serve(openid=provider.settings(**settings)), provider)

    assert answer.status_code == 200, answer.text
    assert f'data-role="{role}"' in client.get("/").text


@pytest.mark.parametrize(
    ("settings", "person"),
    [
        ({}, {"email": "eve@acme.example"}),
        ({}, {"email": "anna@acme.example.evil.example"}),
        ({}, {"email": "xanna@acme.example"}),
        ({"investigators": ["kim@acme.example"]}, {"email": "\N{KELVIN SIGN}im@acme.example"}),
        ({"investigators": [], "viewer_groups": ["audit"]}, {"groups": ["Audit", "audit ", 1, None]}),
        ({"investigators": [], "viewer_groups": ["audit"]}, {"groups": {"audit": True}}),
        ({"investigators": ["anna"], "claim": "preferred_username"}, {"preferred_username": "Anna"}),
    ],
)
def test_whoever_is_in_no_list_is_told_so_and_written_down(
    serve: Serve, provider: Provider, settings: dict[str, Any], person: dict[str, Any]
) -> None:
    served = serve(openid=provider.settings(**settings))
    provider.person |= person

    client, answer = log_in(served, provider)

    assert answer.status_code == 403
    assert "that name has no access to this console" in answer.text
    assert SESSION not in client.cookies
    assert client.get("/").status_code == 303
    line = served.noted()[1]
    assert (line["path"], line["status"], line["user"]) == ("/openid/callback", 403, None)
    assert line["refused"]["subject"] == "subject-1"
    assert line["refused"]["name"].lower() in line["reason"].lower()


def test_who_got_in_is_written_down_with_the_session_that_began(openid: Served, provider: Provider) -> None:
    client, _ = log_in(openid, provider)
    client.get("/feeds")

    began, ended, looked = openid.noted()
    assert (began["path"], began["query"], began["status"]) == ("/openid/login", "", 303)
    assert (ended["path"], ended["query"], ended["status"]) == ("/openid/callback", "***", 200)
    told = {"name": "anna@acme.example", "subject": "subject-1", "role": "investigator", "session": looked["session"]}
    assert ended["login"] == told
    assert (looked["user"], looked["role"]) == ("anna@acme.example", "investigator")


@pytest.mark.parametrize("path", ["/openid/callback", "/openid/callback/", "//openid/callback", "/x", "/openid/x"])
def test_no_code_or_state_is_ever_written_down(openid: Served, path: str) -> None:
    client = openid.client()

    client.get(f"{path}?code=hidden-1&state=hidden-2&Code=hidden-3&%63ode=hidden-4")
    client.get(f"{path}?x=1&id_token=hidden-5")

    assert len(openid.noted()) == 2
    assert "hidden" not in openid.log.read_text()


def test_what_is_missing_in_the_token_is_asked_of_the_provider(serve: Serve, provider: Provider) -> None:
    served = serve(openid=provider.settings(investigators=[], viewer_groups=["audit"]))
    provider.discovery["userinfo_endpoint"] = f"{provider.url}{USERINFO}"
    provider.userinfo = {**provider.person, "groups": ["audit"]}
    provider.person = {"sub": "subject-1"}

    client, _ = log_in(served, provider)

    assert 'data-role="viewer"' in client.get("/").text


def test_the_token_counts_more_than_what_is_asked_beside_it(serve: Serve, provider: Provider) -> None:
    served = serve(openid=provider.settings(viewer_groups=["audit"]))
    provider.discovery["userinfo_endpoint"] = f"{provider.url}{USERINFO}"
    provider.userinfo = {"sub": "subject-1", "email": "anna@acme.example", "email_verified": True}
    provider.person |= {"email": "eve@acme.example"}

    assert log_in(served, provider)[1].status_code == 403
