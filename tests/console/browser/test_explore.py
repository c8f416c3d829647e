"""Explore: columns, orders, fields, and pages without doubles or losses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.collecting import NOW
from tests.console.browser.visits import Visit, held, query_of, settled
from tests.console.conftest import Served

from anthropic_audit.archive import open_reader

CHATS = "event.action : (claude_chat_viewed or claude_project_viewed)"
IS_CHAT = "event_action IN ('claude_chat_viewed', 'claude_project_viewed')"


def numbers(archive: Path, order: str, where: str = IS_CHAT) -> list[int]:
    """Return the numbers of the events of the last week that fit, in an order, by plain SQL."""
    sql = f"SELECT seq FROM events WHERE {where} AND timestamp >= ? - INTERVAL 7 DAY AND timestamp < ? ORDER BY {order}"  # noqa: S608 - our own text
    with open_reader(str(archive)).connect() as connection:
        return [seq for (seq,) in connection.execute(sql, [NOW, NOW]).fetchall()]


def shown(page: Page) -> list[int]:
    links: list[str] = page.locator("#rows").evaluate(
        "body => [...body.querySelectorAll('.sentence a')].map((link) => link.getAttribute('href'))"
    )
    return [int(link.partition("?")[0].rpartition("/")[2]) for link in links]


def headings(page: Page) -> list[str]:
    found: list[str] = page.locator("#head th").evaluate_all(
        "all => all.map((one) => one.firstChild.textContent.replace(/ [↓↑]$/, ''))"
    )
    return found


def turn_all(page: Page) -> None:
    """Load more until the end of the results."""
    more = page.get_by_role("button", name="Load more")
    while more.is_visible():
        with page.expect_response("**/api/events?*"):
            more.click()
        settled(page)


def ask(page: Page, query: str) -> None:
    page.get_by_label("Query").fill(query)
    page.get_by_label("Query").press("Enter")
    settled(page)


def test_all_pages_together_are_what_fits_in_order(shared: Served, archive: Path, visit: Visit) -> None:
    page = visit(shared, "/explore")
    ask(page, CHATS)
    assert len(shown(page)) == 50

    turn_all(page)

    wanted = numbers(archive, "timestamp DESC, seq DESC")
    assert len(wanted) > 8 * 50
    assert shown(page) == wanted
    expect(page.locator("#count")).to_have_text(f"{len(wanted)} events")
    expect(page.get_by_text("End of results")).to_be_visible()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("title", "column"), [("Outcome", "event_outcome"), ("Source", "source_ip"), ("user.email", "user_email")]
)
def test_all_pages_by_a_column_are_in_its_order_both_ways(
    shared: Served, archive: Path, visit: Visit, *, title: str, column: str
) -> None:
    page = visit(shared, "/explore?columns=user.email&q=event.action+%3A+%28sso_login_*+or+claude_file_viewed%29")
    where = "(event_action LIKE 'sso\\_login\\_%' ESCAPE '\\' OR event_action = 'claude_file_viewed')"
    heading = page.get_by_role("columnheader", name=title)

    heading.get_by_role("button", name=title, exact=True).click()
    settled(page)
    turn_all(page)
    expect(heading).to_have_attribute("aria-sort", "descending")
    downward = shown(page)
    heading.get_by_role("button", name=title).first.click()
    settled(page)
    turn_all(page)
    expect(heading).to_have_attribute("aria-sort", "ascending")

    assert downward == numbers(archive, f"{column} DESC NULLS LAST, timestamp DESC, seq DESC", where)
    assert shown(page) == numbers(archive, f"{column} NULLS LAST, timestamp, seq", where)
    assert len(downward) > 100


def test_only_headings_that_can_be_sorted_by_offer_it(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore?columns=user.email,event.category,anthropic.audit.changes,user_agent.version")

    offered = page.locator("#head th button.link")
    expect(offered).to_have_text(["Time ↓", "Outcome", "Source", "user.email"])
    for title in offered.all_inner_texts():
        page.get_by_role("columnheader", name=title).get_by_role("button", name=title.split(" ")[0]).first.click()
        settled(page)
        assert page.locator("#rows tr").count() == 50, title

    assert headings(page) == [
        "Time", "Event", "Actor", "Outcome", "Source",
        "user.email", "event.category", "anthropic.audit.changes", "user_agent.version",
    ]  # fmt: skip


def test_a_field_is_found_opened_and_its_values_added_and_excluded(shared: Served, archive: Path, visit: Visit) -> None:
    page = visit(shared, "/explore")
    total = len(numbers(archive, "seq", "true"))
    fields = page.get_by_role("complementary", name="Fields")

    fields.get_by_label("Search field names").fill("outcome")
    fields.get_by_text("event.outcome", exact=True).click()
    rows = fields.locator(".ranking li")
    expect(rows.first).to_contain_text("success")
    count = int(rows.filter(has_text="failure").locator(".count").inner_text())
    assert count == len(numbers(archive, "seq", "event_outcome = 'failure'"))
    fields.get_by_role("button", name="Filter out failure").click()
    settled(page)
    expect(page.locator("#count")).to_have_text(f"{total - count:,} events")
    page.get_by_role("button", name='Invert not event.outcome : "failure"').click()
    settled(page)

    expect(page.locator("#count")).to_have_text(f"{count} events")
    assert query_of(page) == {"filter": ['event.outcome : "failure"']}


def test_an_opened_field_stays_open_and_tells_the_values_of_what_is_shown(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    fields = page.get_by_role("complementary", name="Fields")
    fields.get_by_text("event.action", exact=True).click()
    expect(fields.locator(".ranking li").first).to_contain_text("claude_chat_viewed")

    ask(page, "event.outcome : failure")

    expect(fields.locator("details[open]")).to_have_count(1)
    expect(fields.locator(".ranking li").first).not_to_contain_text("claude_chat_viewed")


def test_columns_are_added_and_removed(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    fields = page.get_by_role("complementary", name="Fields")

    for name in ("event.action", "user_agent.name"):
        fields.get_by_label("Search field names").fill(name)
        fields.get_by_text(name, exact=True).click()
        fields.locator("li", has_text=name).get_by_role("button", name="Add as column").click()
        settled(page)
    assert query_of(page) == {"columns": ["event.action,user_agent.name"]}
    actions = page.locator("#rows td:nth-child(6)").all_inner_texts()
    assert actions == page.locator("#rows td.sentence small").evaluate_all(
        "all => all.map((one) => one.textContent.trim())"
    )

    page.get_by_role("button", name="Remove column event.action").click()
    settled(page)
    assert headings(page)[5:] == ["user_agent.name"]
    fields.get_by_role("button", name="Remove column").click()
    settled(page)
    assert query_of(page) == {}


def test_counting_can_be_stopped_and_the_list_is_there(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/feeds")
    held(page, "**/api/over-time?*")
    page.goto("/explore")
    expect(page.locator("#rows tr")).to_have_count(50)

    page.get_by_role("button", name="Cancel").click()

    settled(page)
    expect(page.locator("#count")).to_have_text("Not counted")
    expect(page.get_by_text("counting")).to_be_hidden()
    assert len(shown(page)) == 50


def test_more_of_an_old_question_is_not_added_to_a_new_one(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    waiting = held(page, "**/api/events?*after=*")

    page.get_by_role("button", name="Load more").click()
    ask(page, CHATS)
    chats = shown(page)
    for route in waiting:
        route.continue_()
    page.evaluate("fetch('/static/icon.svg').then(() => null)")

    assert shown(page) == chats
    assert page.get_by_role("button", name="Load more").is_enabled()


def test_a_row_leads_to_its_event_and_back(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore?q=event.outcome+%3A+failure&columns=user.email")
    rows: Sequence[int] = shown(page)
    link = page.locator("#rows .sentence a").nth(2)
    told = link.inner_text()

    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(told)
    page.go_back()
    settled(page)

    assert shown(page) == rows
    assert headings(page)[-1] == "user.email"
