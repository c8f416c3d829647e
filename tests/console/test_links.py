"""Links lead to the complete results, in the same period."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest


def seq_of(client: httpx2.Client, query: str) -> int:
    found = client.get("/api/events", params={"q": query, "from": "now-30d"}).json()["rows"]
    return int(found[0]["seq"])


def test_each_part_of_a_story_leads_to_all_of_it(inside: httpx2.Client) -> None:
    page = inside.get(f"/event/{seq_of(inside, 'event.action : api_key_created and user.email : *')}").text
    links = [unescape(link) for link in re.findall(r'href="([^"]+)">View all 48 hours', page)]

    parts = page.count('<section class="panel"><h3>')
    assert len(links) == parts > 0
    for link in links:
        asked = httpx2.URL(link).params
        assert inside.get("/api/events", params=asked).json()["rows"]
        assert {"from", "to", "q"} == set(asked)


def test_the_overview_leads_to_all_sensitive_changes(inside: httpx2.Client) -> None:
    (text,) = re.findall(r'id="all-sensitive" href="/explore" data-filter="([^"]+)"', inside.get("/").text)

    rows = inside.get("/api/events", params={"filter": unescape(text), "from": "now-30d"}).json()["rows"]

    assert {one["sensitivity"] for one in rows} == {"critical"}


@pytest.mark.parametrize(
    ("kind", "field", "is_there"),
    [
        ("address", "source.ip", False),
        ("agent", "user_agent.original", False),
        ("organization", "organization.id", False),
        ("address", "user.email", True),
        ("user", "user.email", True),
        ("key", "source.ip", True),
    ],
)
def test_a_page_does_not_rank_what_it_is_about(inside: httpx2.Client, kind: str, field: str, is_there: bool) -> None:
    assert (f'data-panel="values" data-part="{field}"' in inside.get(f"/entity/{kind}/x").text) == is_there
