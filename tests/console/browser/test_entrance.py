"""Logging in and out in a browser: by the link, and by name and password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, settled
from tests.console.conftest import PASSWORD, Served


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_the_link_opens_the_overview_once(served: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("403 (Forbidden)")
    link = served.console.link()

    page = visit(served, link, is_inside=False)
    settled(page)
    expect(page).to_have_url(f"{served.url}/")
    expect(page.get_by_role("link", name="Explore", exact=True)).to_be_visible()
    other = visit(served, link, is_inside=False)

    expect(other.get_by_role("alert")).to_have_text("this link was already used or is not valid")
    expect(other.get_by_text("Open the latest link that")).to_be_visible()
    expect(other.get_by_role("navigation")).to_have_count(0)


def test_a_name_and_its_password_open_the_console(served_with_users: Served, visit: Visit) -> None:
    page = visit(served_with_users, "/explore", is_inside=False)
    expect(page).to_have_url(f"{served_with_users.url}/login")
    expect(page.get_by_label("Name")).to_be_focused()

    log_in(page, "investigator", PASSWORD)

    settled(page)
    expect(page).to_have_url(f"{served_with_users.url}/")
    expect(page.get_by_text("investigator", exact=True)).to_be_visible()


def test_a_wrong_password_is_told_and_can_be_mended(served_with_users: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("403 (Forbidden)")
    page = visit(served_with_users, "/login", is_inside=False)

    log_in(page, "investigator", "wrong")
    expect(page.get_by_role("alert")).to_have_text("wrong name or password")
    expect(page.get_by_label("Password")).to_have_value("")
    log_in(page, "investigator", PASSWORD)

    settled(page)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()


def test_after_the_logout_the_back_button_shows_nothing(served_with_users: Served, visit: Visit) -> None:
    page = visit(served_with_users, "/feeds", name="investigator")

    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{served_with_users.url}/login")
    page.go_back()

    expect(page).to_have_url(f"{served_with_users.url}/login")
    expect(page.get_by_text("Feed health")).to_have_count(0)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/", "/explore", "/entity/address/192.0.2.99"])
def test_a_session_that_ends_in_the_middle_leads_to_the_login(
    served_with_users: Served, visit: Visit, watch: Watch, path: str
) -> None:
    watch.expect("401 (Unauthorized)")
    page = visit(served_with_users, path, name="investigator")

    served_with_users.clock.advance(timedelta(hours=13))
    page.get_by_label("Period", exact=True).select_option("Last 24 hours")

    expect(page).to_have_url(f"{served_with_users.url}/login")
    log_in(page, "investigator", PASSWORD)
    settled(page)


def test_a_session_that_ended_keeps_a_search_from_being_saved(
    served_with_users: Served, visit: Visit, watch: Watch
) -> None:
    watch.expect("401 (Unauthorized)")
    watch.answers.append("mine")
    page = visit(served_with_users, "/explore", name="investigator")

    served_with_users.clock.advance(timedelta(hours=13))
    page.get_by_role("button", name="Save search").click()

    expect(page).to_have_url(f"{served_with_users.url}/login")
