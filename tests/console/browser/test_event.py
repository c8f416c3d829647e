"""The page of an event: sentence, fields, copying, and related events."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, settled
from tests.console.conftest import Served

from anthropic_audit.archive import open_reader

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture(scope="module")
def changed(archive: Path) -> tuple[int, dict[str, Any], bytes]:
    """An event with changes: its `seq`, its document and the received activity."""
    with open_reader(str(archive)).connect() as connection:
        found = connection.sql(
            "SELECT seq, document, raw FROM events JOIN activities USING (seq) "
            "WHERE event_action = 'admin_api_key_updated' AND document LIKE '% → %' ORDER BY timestamp DESC LIMIT 1"
        ).fetchall()
    seq, document, raw = found[0]
    return seq, json.loads(document), bytes(raw)


def test_an_event_is_told_and_what_changed_is_shown(
    shared: Served, visit: Visit, changed: tuple[int, dict[str, Any], bytes]
) -> None:
    seq, document, raw = changed
    page = visit(shared, f"/event/{seq}")

    expect(page.get_by_role("heading", level=1)).to_contain_text("changed admin API key")
    rows = page.get_by_role("region", name="Changes").locator("tbody tr").all()
    wanted = document["anthropic"]["audit"]["changes"]
    assert [f"{n}: {b} → {a}" for n, b, a in (row.locator("th, td").all_inner_texts() for row in rows)] == wanted
    assert wanted
    mapping = page.get_by_role("region", name="Field mapping table").locator("tbody tr")
    received = json.loads(raw)
    row = mapping.filter(has=page.get_by_role("rowheader", name="id", exact=True))
    expect(row).to_contain_text(received["id"])
    expect(row).to_contain_text("event.id")
    assert mapping.count() >= len(received)
    expect(page.get_by_text(sha256(raw).hexdigest())).to_be_visible()


@pytest.mark.parametrize("what", ["Copy link", "Copy ECS document", "Copy received bytes"])
def test_its_texts_are_copied_as_they_are(
    shared: Served, visit: Visit, changed: tuple[int, dict[str, Any], bytes], what: str
) -> None:
    seq, document, raw = changed
    page = visit(shared, f"/event/{seq}", **CLIPBOARD)

    page.get_by_role("button", name=what).click()

    expect(page.get_by_role("status")).to_have_text(" Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert {
        "Copy link": lambda: copied == page.url,
        "Copy ECS document": lambda: json.loads(copied) == document,
        "Copy received bytes": lambda: copied.encode() == raw,
    }[what]()
    expect(page.get_by_role("status")).to_have_count(0)


def test_the_story_around_it_leads_on(shared: Served, visit: Visit, archive: Path) -> None:
    with open_reader(str(archive)).connect() as connection:
        seq = connection.sql(
            "SELECT max(seq) FROM events WHERE event_action = 'claude_chat_viewed' AND claude_chat_id IN "
            "(SELECT claude_chat_id FROM events GROUP BY 1 HAVING count(*) BETWEEN 5 AND 12) "
            "AND user_email LIKE '%acme%'"
        ).fetchall()[0][0]
    page = visit(shared, f"/event/{seq}")
    story = page.locator("section", has=page.get_by_role("heading", name="Same actor"))

    assert story.locator("li.this").count() == 1
    times = [one.get_attribute("datetime") or "" for one in story.locator("time").all()]
    assert times == sorted(times)
    assert len(times) > 1
    other = story.locator("li:not(.this) a").first
    told = other.inner_text()
    other.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(told)
    same = page.locator("section", has=page.get_by_role("heading", name="Same actor"))
    expect(same.locator("li.this")).to_have_text(re.compile(re.escape(told)))


def facts(page: Page, title: str) -> list[str]:
    return page.locator("section", has=page.get_by_role("heading", name=title)).locator("dd a").all_inner_texts()


def test_each_name_on_it_leads_to_its_page(
    shared: Served, visit: Visit, changed: tuple[int, dict[str, Any], bytes]
) -> None:
    seq, document, _ = changed
    page = visit(shared, f"/event/{seq}")
    assert document["user"]["email"] in facts(page, "Actor")
    assert document["source"]["ip"] in facts(page, "Source")

    page.get_by_role("link", name=f"User {document['user']['email']}").click()

    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(document["user"]["email"])


def test_an_event_without_bytes_that_can_be_read_is_shown(shared: Served, visit: Visit, archive: Path) -> None:
    with open_reader(str(archive)).connect() as connection:
        seq = connection.sql("SELECT seq FROM events WHERE id = 'unreadable'").fetchall()[0][0]

    page = visit(shared, f"/event/{seq}")

    expect(page.get_by_role("heading", level=1)).to_contain_text("can't be read")
    expect(page.locator("#raw")).to_have_text("�{no activity")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/event/999999", "/entity/nobody/x", "/nothing"])
def test_what_is_not_there_is_told(shared: Served, visit: Visit, watch: Watch, path: str) -> None:
    watch.expect("404 (Not Found)")
    page = visit(shared, "/feeds")
    expected = page.goto(path)

    assert expected is not None
    assert expected.status == 404
    expect(page.get_by_role("alert")).to_have_text("page not found")
    page.get_by_role("link", name="Go to the overview").click()
    settled(page)
