"""Without a mouse: everything can be reached, is seen to be reached, and stays where it was."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, query_of, settled
from tests.console.conftest import Served

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const middle = (start, size) => start + Math.min(size, 30) / 2;
  const over = document.elementFromPoint(middle(box.left, box.width), middle(box.top, box.height));
  return {
    name: (one.labels?.[0]?.textContent || one.getAttribute('aria-label') || one.textContent).trim().slice(0, 60),
    tag: one.tagName.toLowerCase(),
    outlined: one.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && (one.contains(over) || over?.contains(one)),
  };
}"""


@dataclass
class Focused:
    """The element with keyboard focus."""

    name: str
    tag: str
    outlined: bool
    seen: bool


def focused(page: Page) -> Focused:
    return Focused(**page.evaluate(FOCUSED))


def walk(page: Page, until: str, key: str = "Tab") -> list[Focused]:
    """Press a key until the element with a name has focus, and return all that had it."""
    passed: list[Focused] = []
    while len(passed) < 150:
        page.keyboard.press(key)
        passed.append(focused(page))
        if passed[-1].name == until:
            return passed
    raise AssertionError([one.name for one in passed])


def names(passed: list[Focused]) -> list[str]:
    return [one.name for one in passed]


def test_the_first_thing_is_a_way_past_the_navigation(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.keyboard.press("Tab")
    first = focused(page)
    page.keyboard.press("Enter")

    assert (first.name, first.seen, first.outlined) == ("Skip to main content", True, True)
    expect(page.locator("main")).to_be_focused()
    assert names(walk(page, "Search field names")) == ["Search field names"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/", "/explore?q=event.outcome+%3A+failure"])
def test_all_is_reached_by_tab_in_the_order_of_the_page_and_seen(shared: Served, visit: Visit, path: str) -> None:
    page = visit(shared, path)

    passed = walk(page, "Apply")
    assert names(passed) == [
        "Skip to main content", "anthropic-audit", "Overview", "Explore", "Feed health", "Local time",
        "Switch between dark and light theme", "Log out", "Query", "Period", "Refresh interval", "Apply",
    ]  # fmt: skip
    last = "Top actions" if path == "/" else "Events"
    passed += walk(page, "Filter out claude_chat_viewed" if last == "Top actions" else last)

    assert [one for one in passed if not (one.outlined and one.seen)] == []


def test_going_back_by_tab_nothing_hides_behind_the_query_bar(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/?filter=feed+%3A+acme&from=2026-11-01&to=2026-11-19")
    page.get_by_role("region", name="Organizations").get_by_role("button").last.focus()
    page.keyboard.press("Shift+Tab")

    passed = walk(page, "Filter out claude_chat_viewed", "Shift+Tab")

    assert [one for one in passed if not one.seen] == []


def test_filters_are_added_and_removed_and_the_keyboard_stays(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")

    page.get_by_role("button", name="Filter for claude_chat_viewed").focus()
    page.keyboard.press("Enter")
    settled(page)
    assert query_of(page)["filter"] == ['event.action : "claude_chat_viewed"']
    assert focused(page).name == "Filter for claude_chat_viewed"
    page.get_by_role("button", name="Remove event.action").focus()
    page.keyboard.press("Space")
    settled(page)

    assert query_of(page) == {}
    assert focused(page).tag == "main"


def test_a_table_is_sorted_by_keyboard_again_and_again(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore?q=event.outcome+%3A+failure")

    page.get_by_role("button", name="Outcome").focus()
    orders = []
    for _ in range(3):
        page.keyboard.press("Enter")
        settled(page)
        orders += query_of(page)["sort"]

    assert orders == ["-event.outcome", "event.outcome", "-event.outcome"]


def test_a_field_is_opened_and_its_value_chosen_by_keyboard(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.get_by_label("Search field names").focus()
    page.keyboard.type("outcome")
    page.keyboard.press("Tab")
    assert focused(page).name == "event.outcome"
    page.keyboard.press("Enter")
    expect(page.locator(".fields .ranking li").first).to_be_visible()
    walk(page, "Filter for failure")
    page.keyboard.press("Enter")
    settled(page)

    assert query_of(page)["filter"] == ['event.outcome : "failure"']
    assert focused(page).name == "event.outcome"


def test_a_wide_table_is_scrolled_by_keyboard(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore", viewport={"width": 800, "height": 600})
    region = page.get_by_role("region", name="Events")
    region.focus()

    page.keyboard.press("ArrowRight")

    expect(region).to_be_focused()
    page.wait_for_function("() => document.querySelector('[aria-label=Events]').scrollLeft > 0")


def test_show_more_goes_on_where_the_list_ended(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.get_by_role("button", name="Load more").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(100)
    settled(page)
    page.keyboard.press("Enter")

    expect(page.locator("#rows tr")).to_have_count(150)


def test_the_slash_writes_itself_where_something_is_written(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.get_by_label("Search field names").focus()
    page.keyboard.type("a/b")
    expect(page.get_by_label("Search field names")).to_have_value("a/b")
    page.get_by_label("Search field names").blur()
    page.keyboard.type("/b")

    expect(page.get_by_label("Query")).to_have_value("b")
