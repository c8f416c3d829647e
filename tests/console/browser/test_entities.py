"""Pages of users, keys, organizations, servers, addresses and the rest; and whether the feeds work."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.console.browser.visits import Visit, query_of, settled
from tests.console.conftest import Served
from tests.console.test_middleware import token

from anthropic_audit.archive import open_reader
from anthropic_audit.console.entities import KINDS
from anthropic_audit.query.fields import COLUMNS

MONTH = "from=2026-11-01&to=2026-11-19"


def frequent(archive: Path, field: str) -> tuple[str, int]:
    """Return the most frequent value of a field that no enemy wrote, and how many events have it."""
    column = COLUMNS[field].name
    with open_reader(str(archive)).connect() as connection:
        found = connection.sql(
            f"SELECT {column}, count(*) FROM events WHERE {column} IS NOT NULL AND id NOT LIKE 'activity_enemy%' "  # noqa: S608 - our own text
            "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        ).fetchall()
    return found[0][0], found[0][1]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_page_of_each_kind_tells_what_the_archive_knows(
    shared: Served, visit: Visit, archive: Path, kind: str
) -> None:
    value, events = frequent(archive, KINDS[kind].fields[0])

    page = visit(shared, f"/entity/{kind}/{quote(value, safe='')}?{MONTH}")

    expect(page.get_by_role("heading", level=1)).to_have_text(value)
    seen = page.locator("[data-panel=seen]").inner_text()
    assert int(seen.partition(" events in total")[0].rpartition(" ")[2].replace(",", "")) >= events
    assert seen.startswith("First seen 2026-11-1")
    for body in page.locator(".body").all():
        expect(body).not_to_be_empty()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="View all events in Explore").click()
    settled(page)
    listed = int(page.locator("#count").inner_text().split()[0].replace(",", ""))
    assert listed >= events
    assert query_of(page)["from"] == ["2026-11-01"]


def test_an_entity_is_narrowed_like_any_other_page(shared: Served, visit: Visit, archive: Path) -> None:
    value, _ = frequent(archive, "user.email")
    page = visit(shared, f"/entity/user/{value}")

    page.get_by_role("region", name="Actions").get_by_role("button", name="Filter for").first.click()
    settled(page)
    narrowed = page.get_by_role("region", name="Actions").locator(".ranking li")
    expect(narrowed).to_have_count(1)
    wanted = narrowed.locator(".count").inner_text()
    page.get_by_role("link", name="View all events in Explore").click()
    settled(page)

    expect(page.locator("#count")).to_have_text(f"{wanted} events")


def test_somebody_who_is_unknown_has_a_page_that_says_so(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/entity/user/nobody%40acme.example")

    expect(page.get_by_text("No events recorded")).to_be_visible()


def test_feed_health_tells_of_feeds_and_strangers(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/feeds")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Feed health")
    expect(page.get_by_role("heading", level=2, name="acme")).to_be_visible()
    strangers = page.get_by_role("region", name="Foreign requests")
    expect(strangers.locator("li")).to_have_count(1)
    expect(strangers).to_contain_text("apikey_ours from 192.0.2.99")
    expect(page.get_by_text("No gaps: all time since each feed's first walk is covered.")).to_be_visible()
    assert "2026-11-18: complete" in page.locator("main").evaluate("one => one.textContent")
    assert token(shared) not in page.content()
