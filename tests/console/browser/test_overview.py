"""The overview: its numbers are the archive's, and each thing on it that can be clicked narrows it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.collecting import NOW
from tests.console.browser.visits import Visit, query_of, settled
from tests.console.conftest import Served

from anthropic_audit.archive import open_reader
from anthropic_audit.console.truncation import cut
from anthropic_audit.visible import visible

RANKED = {
    "Top actions": "event_action",
    "Top users": "user_email",
    "Networks": "source_as_organization_name",
    "Organizations": "organization_id",
    "Outcome": "event_outcome",
    "Actor types": "actor_type",
}
WEEK = (NOW - timedelta(days=7), NOW)


def asked(archive: Path, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    """Ask the archive about the events of the last week, in plain SQL."""
    sql = f"SELECT {columns} FROM events WHERE timestamp >= ? AND timestamp < ? {rest}"  # noqa: S608 - our own text
    with open_reader(str(archive)).connect() as connection:
        return connection.execute(sql, WEEK).fetchall()


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def ranked(page: Page, title: str) -> list[tuple[str, int]]:
    rows = panel(page, title).locator(".ranking li")
    return [
        (row.locator(".name").inner_text(), int(row.locator(".count").inner_text().replace(",", "")))
        for row in rows.all()
    ]


def filters(page: Page) -> list[str]:
    return page.get_by_role("list", name="Filters").locator("code").all_inner_texts()


def test_every_panel_fills(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")

    assert page.locator(".body").count() == len(page.locator("[data-panel]").all()) > 15
    for body in page.locator(".body").all():
        expect(body).not_to_be_empty()
    expect(page.locator(".chart svg")).to_have_count(3)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_numbers_are_those_of_the_archive(shared: Served, archive: Path, visit: Visit) -> None:
    counted = asked(
        archive,
        "count(*), count(DISTINCT coalesce(user_email, user_id)), count(DISTINCT source_ip), "
        "count(*) FILTER (event_outcome = 'failure'), count(*) FILTER (sensitivity = 'critical'), "
        "count(*) FILTER (NOT is_known)",
    )

    page = visit(shared, "/")

    figures = panel(page, "Key figures").locator("li")
    assert figures.locator(".title").all_inner_texts() == [
        "Events", "Users", "IP addresses", "Failures", "Critical", "Unknown",
    ]  # fmt: skip
    assert figures.locator("strong").all_inner_texts() == [f"{number:,}" for number in counted[0]]


def test_rankings_have_the_most_frequent_values(shared: Served, archive: Path, visit: Visit) -> None:
    page = visit(shared, "/")

    for title, column in RANKED.items():
        counted = asked(archive, f"{column}, count(*)", f"AND {column} IS NOT NULL GROUP BY 1")
        shown = ranked(page, title)
        truth = {visible(cut(str(value))): events for value, events in counted}
        assert len(truth) == len(counted)
        assert [events for _, events in shown] == sorted(truth.values(), key=int, reverse=True)[:8], title
        assert {value: truth[value] for value, _ in shown} == dict(shown)
        without = asked(archive, f"count(*) - count({column})")[0][0]
        rest = panel(page, title).locator(".rest").inner_text()
        assert (f"{len(truth)} distinct values" in rest) == (len(truth) > 8)
        noun = "event" if without == 1 else "events"
        assert (f"{without:,} {noun} without" in rest) == (without != 0)


def test_plus_and_minus_of_a_value_add_filters_that_can_be_turned_round_and_removed(
    shared: Served, visit: Visit
) -> None:
    page = visit(shared, "/")
    before = dict(ranked(page, "Top actions"))

    page.get_by_role("button", name="Filter for claude_chat_viewed").click()
    settled(page)
    assert filters(page) == ['event.action : "claude_chat_viewed"']
    assert ranked(page, "Top actions") == [("claude_chat_viewed", before["claude_chat_viewed"])]

    page.get_by_role("button", name="Filter out success").click()
    settled(page)
    assert query_of(page)["filter"] == ['event.action : "claude_chat_viewed"', 'not event.outcome : "success"']

    page.get_by_role("button", name='Invert not event.outcome : "success"').click()
    settled(page)
    assert filters(page)[-1] == 'event.outcome : "success"'

    for one in filters(page):
        page.get_by_role("button", name=f"Remove {one}", exact=True).click()
    settled(page)
    assert dict(ranked(page, "Top actions")) == before
    assert query_of(page) == {}


def test_a_number_is_a_filter_too(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    failures = panel(page, "Key figures").get_by_role("button", name="Failures")
    wanted = failures.locator("strong").inner_text()

    failures.click()

    settled(page)
    assert query_of(page)["filter"] == ['event.outcome : "failure"']
    assert panel(page, "Key figures").locator("strong").first.inner_text() == wanted


def test_a_category_of_the_legend_filters(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")

    panel(page, "Events over time").locator(".mark-text.role-legend-label text", has_text="authentication").click()

    settled(page)
    assert query_of(page)["filter"] == ['event.category : "authentication"']


def test_a_country_of_the_map_filters(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    countries = dict(ranked(page, "Countries"))

    panel(page, "Source countries").locator('[aria-label*="Japan"]').click()

    settled(page)
    assert query_of(page)["filter"] == ['source.geo.country_iso_code : "JP"']
    assert ranked(page, "Countries") == [("Japan", countries["Japan"])]


def test_a_chart_tells_of_the_place_under_the_pointer(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    bars = panel(page, "Events over time").locator("[aria-roledescription=bar]")
    tallest = bars.evaluate_all(
        "all => all.map(one => one.getBBox().height).reduce((b, x, i, a) => x > a[b] ? i : b, 0)"
    )

    bars.nth(tallest).hover(force=True)

    expect(page.get_by_role("tooltip")).to_contain_text("events")
    page.mouse.move(5, 5)
    expect(page.get_by_role("tooltip")).to_have_count(0)


def drag(page: Page, first: float, last: float) -> None:
    """Drag over the chart, from one part of its width to another."""
    box = panel(page, "Events over time").locator(".chart svg").bounding_box()
    assert box is not None
    top = box["y"] + 60
    page.mouse.move(box["x"] + first * box["width"], top)
    page.mouse.down()
    page.mouse.move(box["x"] + (first + last) / 2 * box["width"], top + 5, steps=5)
    page.mouse.move(box["x"] + last * box["width"], top + 5, steps=5)
    page.mouse.up()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("end", [0.9, 1.04])
def test_dragging_over_the_chart_zooms(shared: Served, visit: Visit, end: float) -> None:
    """Also when the pointer is let go beyond the chart."""
    page = visit(shared, "/", viewport={"width": 1000, "height": 900})

    drag(page, 0.6, end)

    expect(page.get_by_label("from", exact=True)).to_be_visible()
    settled(page)
    address = query_of(page)
    assert all(re.fullmatch(r"2026-11-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", address[name][0]) for name in ("from", "to"))
    assert "2026-11-14" < address["from"][0] < "2026-11-16" < address["to"][0] < "2026-11-18T20"
    expect(page.get_by_label("from", exact=True)).to_have_value(address["from"][0])


def test_what_is_critical_is_told_in_sentences_that_lead_to_events(shared: Served, archive: Path, visit: Visit) -> None:
    newest = asked(archive, "seq", "AND sensitivity = 'critical' ORDER BY timestamp DESC, seq DESC LIMIT 12")
    page = visit(shared, "/")

    links = panel(page, "Sensitive changes").get_by_role("link").all()

    assert [link.get_attribute("href") for link in links] == [f"/event/{seq}" for (seq,) in newest]
    told = links[0].inner_text()
    links[0].click()
    expect(page.get_by_role("heading", level=1)).to_have_text(told)
