"""Accessibility rules: names, labels, headings, contrast; on each page, light and dark, wide and narrow."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.console.browser.pages import PAGES
from tests.console.browser.visits import NARROW, Visit, Watch, settled
from tests.console.conftest import Served

BARE_TABLES = """
[...document.querySelectorAll('table')].filter((table) => !table.caption && !table.querySelector('th')).length
"""
UNNAMED = """
[...document.querySelectorAll('input:not([type=hidden]), select')]
  .filter((one) => !one.getAttribute("aria-label") && !one.labels[0]?.textContent.trim()).map((one) => one.outerHTML)
"""


def violations(page: Page) -> list[str]:
    """Return all that axe objects to, each with where."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule(shared: Served, visit: Visit, watch: Watch, *, name: str, scheme: str) -> None:
    watch.expect("404 (Not Found)")
    page = visit(shared, PAGES[name], is_inside=name != "login", color_scheme=scheme)
    settled(page)

    assert violations(page) == []
    page.set_viewport_size(NARROW)
    assert violations(page) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_by_steps_and_fields_and_tables_have_names(
    shared: Served, visit: Visit, watch: Watch, name: str
) -> None:
    watch.expect("404 (Not Found)")
    page = visit(shared, PAGES[name], is_inside=name != "login")

    levels = [
        int(tag[1]) for tag in page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(h => h.tagName)")
    ]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.evaluate(BARE_TABLES) == 0
    assert page.evaluate(UNNAMED) == []


def test_open_menus_and_troubles_break_no_rule(shared: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/explore?filter=feed+%3A+acme")
    page.get_by_text("event.outcome", exact=True).click()
    expect(page.locator(".fields .ranking li").first).to_be_visible()
    page.get_by_label("Query").press_sequentially("event.")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    assert violations(page) == []

    page.get_by_label("Query").fill("event.outcome : (")
    page.get_by_label("Query").press("Enter")
    settled(page)

    expect(page.locator("#trouble")).to_be_visible()
    assert violations(page) == []


def test_what_changes_by_itself_is_announced(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    expect(page.locator("#trouble")).to_have_attribute("role", "alert")
    expect(page.locator("#end")).to_have_attribute("role", "status")
    expect(page.locator("#count")).to_have_attribute("aria-live", "polite")


def test_a_chart_has_a_name_and_its_numbers_as_a_table(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")

    chart = page.get_by_role("region", name="Events over time")
    expect(chart.locator("[role=graphics-document]")).to_have_attribute("aria-label", re.compile("^Events over time: "))
    rows = chart.get_by_role("table").locator("tbody tr")
    counted = {row.locator("th").inner_text(): row.locator("td").inner_text() for row in rows.all()}
    assert {"web", "file", "authentication"} <= counted.keys()
