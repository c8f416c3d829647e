"""Logging in by a provider that others have made, over HTTP and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext
from tests.console.conftest import Serve, Served
from tests.console.identity import begin, come_back
from tests.console.independent import independent_provider

ANNA = {"sub": "anna", "email": "Anna@acme.example", "email_verified": True, "groups": ["audit"]}
EVE = {"sub": "eve", "email": "eve@acme.example"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that knows two people."""
    with independent_provider(ANNA, EVE) as issuer:
        yield issuer


@pytest.fixture
def console(serve: Serve, issuer: str) -> Served:
    """A console by the wall clock, as the provider has no other."""
    openid = {"issuer": issuer, "client_id": "console", "client_secret_file": "/nowhere"}
    return serve(now=datetime.now(UTC), openid={**openid, "viewer_groups": ["audit"]})


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    context = chromium.new_context()
    yield context
    context.close()


def at_the_provider(location: str, **form: str) -> str:
    """Choose a user at the provider, and return the URL of the callback."""
    with httpx2.Client(trust_env=False, timeout=30) as client:
        assert "Authorize Client" in client.get(location).text
        answer = client.post(location, data=form)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def test_the_provider_vouches_for_somebody_over_http(console: Served) -> None:
    client = console.client()

    answer = come_back(client, at_the_provider(begin(client), sub="anna"))

    assert answer.status_code == 200, answer.text
    assert 'data-role="viewer"' in client.get("/").text
    assert console.noted()[1]["login"]["name"] == "anna@acme.example"


def test_the_provider_vouches_for_somebody_who_is_in_no_list(console: Served) -> None:
    client = console.client()

    answer = come_back(client, at_the_provider(begin(client), sub="eve"))

    assert answer.status_code == 403
    assert "eve@acme.example" in answer.text
    assert console.noted()[1]["refused"] == {"name": "eve@acme.example", "subject": "eve"}


def test_somebody_changes_their_mind_at_the_provider(console: Served) -> None:
    client = console.client()

    answer = come_back(client, at_the_provider(begin(client), action="deny"))

    assert answer.status_code == 403
    assert client.get("/").status_code == 303


def test_a_browser_ends_on_the_overview_logged_in(console: Served, issuer: str, browser: BrowserContext) -> None:
    page, said = browser.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.goto(console.url)
    page.get_by_role("link", name=f"Log in with {issuer.removeprefix('http://')}").click()
    page.wait_for_url(f"{issuer}/oauth2/authorize?*")
    page.locator("button[name=sub][value=anna]").click()

    page.wait_for_url(f"{console.url}/")

    page.get_by_role("heading", name="Overview").first.wait_for()
    assert page.locator("body").get_attribute("data-role") == "viewer"
    assert page.locator(".who").inner_text() == "anna@acme.example · viewer"
    cookies: list[Any] = browser.cookies()
    ours = {one["name"]: one for one in cookies if one["name"].startswith("anthropic_audit")}
    assert list(ours) == ["anthropic_audit_session"]
    session = ours["anthropic_audit_session"]
    assert (session["sameSite"], session["httpOnly"], session["path"]) == ("Strict", True, "/")
    assert [text for text in said if "Content Security Policy" in text] == []


def test_a_browser_that_goes_back_is_told_that_it_is_over(console: Served, browser: BrowserContext) -> None:
    page = browser.new_page()
    page.goto(f"{console.url}/openid/login")
    page.locator("button[name=sub][value=anna]").click()
    page.wait_for_url(f"{console.url}/")
    callback = next(one for one in console.noted() if one["path"] == "/openid/callback")

    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{console.url}/login")
    page.goto(f"{console.url}/openid/callback?code=x&state=y")

    assert callback["status"] == 200
    assert "was already used" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("link", name="Log in with").is_visible()
