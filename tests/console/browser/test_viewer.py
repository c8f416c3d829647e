"""A viewer's pages contain no personal data."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, settled
from tests.console.conftest import Served

from anthropic_audit.archive import open_reader

PERSONAL = ("user_email", "user_target_email", "source_ip")
PAGES = ("/", "/explore?columns=user.email,source.ip,user_agent.name", "/feeds", "/event/5", "/event/1749")


@pytest.fixture(scope="module")
def secrets(archive: Path) -> frozenset[str]:
    """The values of personal columns, without the hostile texts."""
    found = set[str]()
    with open_reader(str(archive)).connect() as connection:
        for column in PERSONAL:
            sql = f"SELECT DISTINCT {column} FROM events WHERE {column} IS NOT NULL AND id NOT LIKE 'activity_enemy%'"  # noqa: S608 - our own text
            found |= {value for (value,) in connection.sql(sql).fetchall()}
    return frozenset(found)


def everything(page: Page) -> str:
    """Return all text of a page, including hidden text and the targets of links."""
    text: str = page.evaluate(
        "document.documentElement.outerHTML + '\\n' + document.documentElement.textContent + '\\n'"
        " + [...document.links].map((one) => decodeURIComponent(one.href)).join('\\n')"
    )
    return text


@pytest.mark.sampled(2)
@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_a_viewer_who_it_was(
    shared_with_users: Served, visit: Visit, secrets: frozenset[str], path: str
) -> None:
    page = visit(shared_with_users, path, name="viewer")

    shown = everything(page)
    assert [one for one in secrets if one in shown] == []
    assert "masked-" in shown
    assert len(secrets) > 30


def test_an_investigator_sees_who_it_was(shared_with_users: Served, visit: Visit, secrets: frozenset[str]) -> None:
    page = visit(shared_with_users, "/explore", name="investigator")

    assert len([one for one in secrets if one in everything(page)]) > 10


def test_a_viewers_explore_offers_nothing_that_would_be_refused(shared_with_users: Served, visit: Visit) -> None:
    page = visit(shared_with_users, "/explore?columns=user.email,event.action", name="viewer")

    expect(page.locator("#head th button.link")).to_have_text(["Time ↓", "Outcome", "event.action"])
    page.get_by_text("user.email", exact=True).first.click()
    values = page.locator(".fields .ranking li")
    expect(values.first).to_contain_text("masked-")
    expect(values.get_by_role("button")).to_have_count(0)


def test_a_viewers_overview_has_no_filters_by_what_is_masked(shared_with_users: Served, visit: Visit) -> None:
    page = visit(shared_with_users, "/", name="viewer")

    users = page.get_by_role("region", name="Top users")
    expect(users.locator(".ranking li").first).to_contain_text("masked-")
    expect(users.get_by_role("button")).to_have_count(0)
    expect(users.get_by_role("link")).to_have_count(0)
    page.get_by_role("button", name="Filter for claude_chat_viewed").click()
    settled(page)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("query", ["user.email : linh*", "linh"])
def test_a_viewer_is_told_what_can_not_be_asked(
    shared_with_users: Served, visit: Visit, watch: Watch, query: str
) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared_with_users, "/explore", name="viewer")

    page.get_by_label("Query").fill(query)
    page.get_by_label("Query").press("Enter")
    settled(page)

    expect(page.get_by_role("status")).to_contain_text("personal data")
    assert page.locator("#rows tr").count() == 0


def test_a_viewer_has_no_page_of_a_person_and_is_told_why(
    shared_with_users: Served, visit: Visit, watch: Watch
) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared_with_users, "/feeds", name="viewer")

    page.goto("/entity/user/linh.fischer%40acme.example")

    expect(page.get_by_role("alert")).to_contain_text("this page shows personal data")
