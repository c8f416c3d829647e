"""Saved searches and links: kept, opened, shared, removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, query_of, settled
from tests.console.conftest import Serve, Served

MARKUP = '<img src=x onerror="window.__pwned=3">'


@pytest.fixture
def own(serve: Serve, own_archive: Path) -> Served:
    return serve(archive=own_archive)


def names(page: Page) -> list[str]:
    return page.get_by_label("Saved searches").locator("option").all_inner_texts()[1:]


def save(page: Page, watch: Watch, name: str) -> None:
    watch.answers.append(name)
    page.get_by_role("button", name="Save search").click()


def test_a_search_is_saved_opened_and_removed(own: Served, visit: Visit, watch: Watch) -> None:
    page = visit(own, "/explore?q=event.outcome+%3A+failure&from=now-24h&columns=user.email&sort=user.email")
    failures = page.locator("#rows tr").count()
    save(page, watch, "failures")
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)

    page.goto("/explore")
    settled(page)
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)
    page.get_by_label("Saved searches").select_option("failures")
    settled(page)
    assert query_of(page) == {
        "q": ["event.outcome : failure"], "from": ["now-24h"], "columns": ["user.email"], "sort": ["user.email"],
    }  # fmt: skip
    expect(page.get_by_label("Query")).to_have_value("event.outcome : failure")
    expect(page.get_by_label("Period", exact=True)).to_have_value("now-24h|now")
    assert page.locator("#rows tr").count() == failures

    page.get_by_role("button", name="Delete search", exact=True).click()
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(1)
    expect(page.get_by_role("button", name="Delete search", exact=True)).to_be_hidden()


def test_a_saved_search_can_be_opened_again_after_something_else(own: Served, visit: Visit, watch: Watch) -> None:
    page = visit(own, "/explore?q=event.outcome+%3A+failure")
    save(page, watch, "failures")
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)
    page.get_by_label("Saved searches").select_option("failures")
    settled(page)

    page.get_by_label("Query").fill("")
    page.get_by_label("Query").press("Enter")
    settled(page)

    expect(page.get_by_label("Saved searches")).to_have_value("")
    expect(page.get_by_role("button", name="Delete search", exact=True)).to_be_hidden()


def test_what_explore_shows_by_default_can_be_saved_too(own: Served, visit: Visit, watch: Watch) -> None:
    page = visit(own, "/explore")
    everything = page.locator("#count").inner_text()
    save(page, watch, "everything")
    expect(page.get_by_label("Saved searches")).to_have_value("everything")

    page.get_by_label("Query").fill("event.outcome : failure")
    page.get_by_label("Query").press("Enter")
    settled(page)
    page.get_by_label("Saved searches").select_option("everything")
    settled(page)

    expect(page.locator("#count")).to_have_text(everything)
    assert query_of(page) == {}


def test_a_name_is_only_a_name(own: Served, visit: Visit, watch: Watch) -> None:
    page = visit(own, "/explore?q=feed+%3A+acme")

    save(page, watch, MARKUP)

    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)
    assert names(page) == [MARKUP]
    page.reload()
    settled(page)
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)
    assert page.evaluate("window.__pwned") is None


def test_what_can_not_be_saved_is_told_and_takes_nothing_away(own: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(own, "/explore")
    save(page, watch, "first")
    expect(page.get_by_label("Saved searches").locator("option")).to_have_count(2)

    watch.answers += ["W" * 101, ""]
    with page.expect_event("dialog", lambda dialog: dialog.type == "alert"):
        page.get_by_role("button", name="Save search").click()

    assert watch.asked[-1].startswith("the name of a saved search needs 1 to 100 printable characters")
    assert names(page) == ["first"]


def test_a_link_is_copied_and_shows_the_same(own: Served, visit: Visit) -> None:
    page = visit(
        own,
        "/explore?q=event.outcome+%3A+failure&columns=user.email",
        permissions=["clipboard-read", "clipboard-write"],
    )
    rows = page.locator("#rows").inner_text()

    page.get_by_role("button", name="Copy link").click()

    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    page.goto("/feeds")
    page.goto(link)
    settled(page)
    assert page.locator("#rows").inner_text() == rows


def test_a_link_that_can_not_be_copied_is_told(own: Served, visit: Visit) -> None:
    page = visit(own, "/explore")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")

    page.get_by_role("button", name="Copy link").click()

    expect(page.get_by_text("Copying needs HTTPS or localhost")).to_be_visible()
