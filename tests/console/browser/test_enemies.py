"""Enemies chose every text: nothing that they wrote runs, asks elsewhere, or is more than text."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Page, expect
from tests.console.archives import EVIL, IMAGE, LONG, SCRIPT
from tests.console.browser.visits import Visit, Watch, settled
from tests.console.conftest import Served

from anthropic_audit.archive import open_reader

EVERYTHING = "from=0001-01-01&to=9999-12-31T23:59:59.999999Z"
COLUMNS = (
    "user.email", "user.id", "user_agent.original", "anthropic.audit.mcp_server_name", "anthropic.audit.session_id",
    "user_agent.name", "anthropic.audit.changes", "organization.id", "file.name", "url.path",
)  # fmt: skip
BOTH = f"{IMAGE}{SCRIPT}"
PARAMETERS = ("from", "to", "q", "filter", "columns", "sort", "after", "tz")
HARM = """() => ({
  ran: window.__pwned ?? null,
  images: [...document.images].map((one) => one.getAttribute('src')).filter((src) => src !== '/static/icon.svg'),
  scripts: [...document.scripts].filter((one) => !one.src.startsWith(location.origin + '/static/')).length,
  links: [...document.querySelectorAll('[href], [action], [src]')].map((one) => one.href || one.action || one.src)
    .map(String).filter((one) => !one.startsWith(location.origin + '/')),
  handlers: [...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])
    .map((one) => one.name).filter((name) => name.startsWith('on')),
})"""
NONE: dict[str, object] = {"ran": None, "images": [], "scripts": 0, "links": [], "handlers": []}


def harm(page: Page) -> dict[str, object]:
    """Return elements of a page that its templates and scripts did not create."""
    found: dict[str, object] = page.evaluate(HARM)
    return found


@pytest.fixture(scope="module")
def numbers(archive: Path) -> list[int]:
    """The events of enemies."""
    with open_reader(str(archive)).connect() as connection:
        rows = connection.sql("SELECT seq FROM events WHERE id LIKE 'activity_enemy%' ORDER BY id").fetchall()
    return [seq for (seq,) in rows]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("part", range(5))
def test_no_event_of_an_enemy_does_harm(shared: Served, visit: Visit, numbers: list[int], part: int) -> None:
    page = visit(shared, "/feeds")

    for seq in numbers[part::5]:
        page.goto(f"/event/{seq}")
        settled(page)
        assert harm(page) == NONE
    assert len(numbers) == 4 * len(EVIL) + 4


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/?", f"/explore?columns={','.join(COLUMNS[:5])}&", "/feeds?"])
def test_no_page_that_shows_enemies_does_harm(shared: Served, visit: Visit, path: str) -> None:
    page = visit(shared, f"{path}{EVERYTHING}")

    assert harm(page) == NONE
    if path.startswith("/?"):
        assert SCRIPT in page.locator("body").inner_text()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("kind", "column"), [("user", "user_email"), ("server", "mcp_server_name")])
@pytest.mark.parametrize("number", range(len(EVIL)))
def test_no_page_about_an_enemy_does_harm(
    shared: Served, archive: Path, visit: Visit, *, number: int, kind: str, column: str
) -> None:
    with open_reader(str(archive)).connect() as connection:
        sql = f"SELECT {column} FROM events WHERE id = 'activity_enemy_{10 * number}'"  # noqa: S608 - our own text
        value = connection.sql(sql).fetchall()[0][0]

    page = visit(shared, f"/entity/{kind}/{quote(value, safe='')}?{EVERYTHING}")

    assert harm(page) == NONE
    expect(page.get_by_text(re.compile(r"First seen .* [1-9]\d* events in total"))).to_be_visible()
    seen = page.locator("[data-panel=seen]").inner_text().partition(" events")[0].rpartition(" ")[2]
    if len(value) < len(LONG):  # such a query is longer than an address may be
        page.get_by_role("link", name="View all events in Explore").click()
        settled(page)
        expect(page.locator("#count")).to_have_text(f"{seen} events")


def test_values_of_enemies_can_be_listed_filtered_and_completed(shared: Served, visit: Visit) -> None:
    page = visit(shared, f"/explore?{EVERYTHING}&columns={','.join(COLUMNS[5:])}")
    page.get_by_label("Search field names").fill("mcp_server_name")
    page.get_by_text("anthropic.audit.mcp_server_name", exact=True).click()
    values = page.locator(".fields .ranking li")
    expect(values.filter(has_text=SCRIPT)).to_have_count(1)

    for evil in (SCRIPT, IMAGE):
        page.get_by_role("button", name=f"Filter for {evil}", exact=True).click()
        settled(page)
        expect(page.locator("#count")).to_have_text("5 events")
        page.get_by_role("button", name="Remove anthropic.audit.mcp_server_name").click()
        settled(page)
    page.get_by_label("Query").press_sequentially("anthropic.audit.mcp_server_name : <scr")
    page.get_by_label("Query").fill('anthropic.audit.mcp_server_name : "<scr')
    option = page.get_by_role("listbox").get_by_role("option").filter(has_text=SCRIPT)
    option.click()
    page.get_by_label("Query").press("Enter")
    settled(page)

    expect(page.locator("#count")).to_have_text("5 events")
    assert harm(page) == NONE


@pytest.mark.parametrize("path", ["/", "/explore"])
def test_no_part_of_an_address_does_harm(shared: Served, visit: Visit, watch: Watch, path: str) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/feeds")

    for names in (*((name,) for name in PARAMETERS[:4]), PARAMETERS[4:]):
        page.goto(f"{path}?{urlencode(dict.fromkeys(names, BOTH))}")
        settled(page)
        assert harm(page) == NONE, names


@pytest.mark.sampled(2)
@pytest.mark.parametrize("text", [BOTH, f'{BOTH} : "x"', f"feed : ({SCRIPT}", f"nothing.like.{IMAGE} : x"])
def test_markup_in_a_query_is_text_in_what_is_told_of_it(shared: Served, visit: Visit, watch: Watch, text: str) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/explore")

    page.get_by_label("Query").fill(text)
    page.get_by_label("Query").press("Enter")
    settled(page)

    assert harm(page) == NONE
    expect(page.get_by_label("Query")).to_have_value(text)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("path", ["/event/{}", "/entity/{}/x", "/{}", "/export/{}", "/enter?token={}"])
def test_pages_that_are_not_there_do_no_harm(shared: Served, visit: Visit, watch: Watch, path: str) -> None:
    watch.expect("404 (Not Found)", "403 (Forbidden)")
    page = visit(shared, "/feeds")

    page.goto(path.format(quote(BOTH, safe="")))

    settled(page)
    assert harm(page) == NONE


def test_a_script_that_got_into_a_page_would_not_run(shared: Served, visit: Visit, watch: Watch) -> None:
    """The Content Security Policy blocks injected scripts, and these tests would see the violation."""
    watch.expect("policy violated", "Content Security Policy", "This document requires 'Trusted", "404 (Not Found)")
    page = visit(shared, "/feeds")

    page.evaluate("""() => {
      const script = document.createElement('script');
      script.append('window.__pwned = 1');
      document.body.append(script);
      try { document.body.insertAdjacentHTML('beforeend', '<b onclick="1">x</b>'); } catch { /* as it should be */ }
      const image = document.createElement('img');
      try { image.setAttribute('onerror', 'window.__pwned = 2'); } catch { /* as it should be */ }
      image.src = '/static/nothing.png';
      document.body.append(image);
    }""")

    page.wait_for_timeout(300)
    assert page.evaluate("window.__pwned") is None
    assert any("policy violated" in fault for fault in watch.faults)
