"""Themes, widths and zoom: system preferences are used, and choices are stored."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.console.browser.pages import PAGES
from tests.console.browser.visits import NARROW, Visit, Watch, held, settled
from tests.console.conftest import Served

ZOOMED: ViewportSize = {"width": 640, "height": 450}
"""A window of 1280 by 900, at 200 %."""
PAPER = {"light": "rgb(250, 249, 247)", "dark": "rgb(23, 22, 20)"}
FRAMES = """
window.__papers = [];
const look = () => {
  if (document.body) window.__papers.push(getComputedStyle(document.documentElement).backgroundColor);
  if (window.__papers.length < 20) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def paper(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour


def label_colour(page: Page) -> tuple[str, str]:
    """Return the colour of a chart's labels, and the one that the theme has for them."""
    label = page.locator(".chart svg .role-axis-label text").first
    drawn: str = label.evaluate("one => getComputedStyle(one).fill")
    wanted: str = page.evaluate(
        """() => {
          const one = document.createElement('i');
          one.style.color = 'var(--soft)';
          document.body.append(one);
          const { color } = getComputedStyle(one);
          one.remove();
          return color;
        }"""
    )
    return drawn, wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_looks_as_the_system_does_until_something_else_is_chosen(
    shared: Served, visit: Visit, scheme: str
) -> None:
    other = "dark" if scheme == "light" else "light"
    page = visit(shared, "/explore", color_scheme=scheme)
    assert paper(page) == PAPER[scheme]
    drawn, wanted = label_colour(page)
    assert drawn == wanted

    page.get_by_role("button", name="Switch between dark and light theme").click()
    settled(page)

    assert paper(page) == PAPER[other]
    again, wanted = label_colour(page)
    assert again == wanted != drawn
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == other


def test_what_is_chosen_is_kept_and_shown_from_the_first_frame_on(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/feeds", color_scheme="light")
    page.get_by_role("button", name="Switch between dark and light theme").click()
    page.add_init_script(FRAMES)

    for path in ("/explore", "/event/5", "/"):
        page.goto(path)
        settled(page)
        page.wait_for_function("() => window.__papers.length >= 3")
        assert set(page.evaluate("window.__papers")) == {PAPER["dark"]}, path


def test_charts_follow_the_system_when_it_turns_dark(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore", color_scheme="light")
    light, _ = label_colour(page)

    with page.expect_response("**/api/over-time?*"):
        page.emulate_media(color_scheme="dark")
    settled(page)

    drawn, wanted = label_colour(page)
    assert drawn == wanted != light


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_when_it_is_narrow_or_large(
    shared: Served, visit: Visit, watch: Watch, name: str
) -> None:
    watch.expect("404 (Not Found)")
    page = visit(shared, PAGES[name], is_inside=name != "login", viewport=NARROW, is_mobile=True, has_touch=True)
    assert wider_than_the_window(page) == []

    page.set_viewport_size(ZOOMED)
    assert wider_than_the_window(page) == []


def wider_than_the_window(page: Page) -> list[str]:
    """Return the elements that make a page scroll horizontally."""
    found: list[str] = page.evaluate(
        """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
          .filter((one) => !one.closest('.visually-hidden, .scroll'))
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    return found


def test_everything_can_be_reached_when_it_is_narrow(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore", viewport=NARROW, is_mobile=True, has_touch=True)

    page.get_by_label("Period", exact=True).select_option("Last 24 hours")
    settled(page)
    page.get_by_text("event.outcome", exact=True).tap()
    page.get_by_role("button", name="Filter for failure").tap()
    settled(page)
    page.get_by_role("button", name="Remove event.outcome").tap()
    settled(page)
    page.locator("#rows .sentence a").first.tap()

    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize(("motion", "animation"), [("reduce", "none"), ("no-preference", "wait")])
def test_nothing_moves_for_those_who_want_it_still(
    shared: Served, visit: Visit, *, motion: str, animation: str
) -> None:
    page = visit(shared, "/feeds", reduced_motion=motion)
    held(page, "**/api/overview/**")
    page.goto("/")
    waiting = page.locator(".body[aria-busy=true]").first

    expect(waiting).to_be_visible()
    expect(waiting).to_have_css("animation-name", animation)


def test_a_value_without_end_does_not_make_the_page_so(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")

    tallest = page.locator(".panel").evaluate_all("all => Math.max(...all.map((one) => one.offsetHeight))")

    assert tallest < 1200
