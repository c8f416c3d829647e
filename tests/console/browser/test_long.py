"""Long queries show progress and can be stopped; the date picker sets the period."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, held, query_of, settled
from tests.console.conftest import Served


def told_to_be_at(page: Page, percent: float) -> None:
    page.route("**/api/progress?*", lambda route: route.fulfill(json={"percent": percent}))


def test_a_panel_says_how_far_it_is_and_can_be_stopped(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    told_to_be_at(page, 42.7)
    held(page, "**/api/overview/over-time?*")
    chart = page.locator("#p-over-time + .body")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()

    page.get_by_role("button", name="Apply", exact=True).click()

    expect(chart).to_have_attribute("data-done", "42 %")
    page.get_by_role("button", name="Stop").click()
    settled(page)
    expect(chart).to_have_text("Stopped")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_what_was_stopped_is_asked_again(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    held(page, "**/api/overview/over-time?*")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    page.unroute("**/api/overview/over-time?*")

    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)

    expect(page.locator("#p-over-time + .body svg")).to_be_visible()


def test_a_count_says_how_far_it_is_beside_rows_that_are_there(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    told_to_be_at(page, 7.2)
    held(page, "**/api/over-time?*")

    page.get_by_role("button", name="Apply", exact=True).click()

    expect(page.locator("#working")).to_contain_text("Counting… 7 %")
    expect(page.locator("#rows tr")).to_have_count(50)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#count")).to_have_text("Not counted")


def test_a_search_for_rows_can_be_stopped(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    held(page, "**/api/events?*")
    page.get_by_role("button", name="Apply", exact=True).click()

    page.get_by_role("button", name="Stop", exact=True).click()

    expect(page.locator("#end")).to_have_text("Stopped. There may be more events.")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


def test_the_ends_of_a_period_are_picked_from_a_calendar_in_the_zone_that_is_shown(
    shared: Served, visit: Visit
) -> None:
    page = visit(shared, "/explore?from=now-1d&to=now-1h")
    page.locator("#since-picker").fill("2026-11-16T04:30")
    page.get_by_role("button", name="Local time").click()
    page.locator("#until-picker").fill("2026-11-17T12:00")

    expect(page.get_by_label("from", exact=True)).to_have_value("2026-11-16T09:30:00Z")
    expect(page.get_by_label("to", exact=True)).to_have_value("2026-11-17T12:00:00Z")
    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)
    asked = query_of(page)

    assert (asked["from"], asked["to"]) == (["2026-11-16T09:30:00Z"], ["2026-11-17T12:00:00Z"])


def test_the_period_before_is_drawn_beside_this_one(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/?from=now-1d")

    expect(page.locator("#p-over-time + .body .mark-line path")).to_be_visible()
    page.goto("/?from=1960-01-01")
    settled(page)
    expect(page.locator("#p-over-time + .body .mark-line")).to_have_count(0)


def test_all_fields_of_an_event_lead_to_others_like_it(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore?q=event.action+:+sso_login_failed")
    page.locator("#rows a").first.click()
    settled(page)
    page.get_by_text("fields of the event").click()

    page.get_by_role("link", name="Filter for this event.outcome").click()
    settled(page)

    expect(page.locator("#filters li code")).to_have_text(['event.outcome : "failure"'])
    assert query_of(page)["from"][0] < "2026-11-12"
