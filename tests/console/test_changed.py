"""Activities that were served again with other bytes, as the console shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from hashlib import sha256
from pathlib import Path

from tests.collecting import NOW
from tests.console.conftest import Serve

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.model import Activity, Received
from anthropic_audit.testing import FakeClock

SERVED = b'{"id":"<b>changed</b>","note":"<script>served_again(1)</script>"}'


def change_one(archive: Path) -> int:
    """Serve an activity of an archive again with other bytes, and return its number."""
    with open_reader(str(archive)).connect() as connection:
        (row,) = (
            connection.sql("SELECT seq, id, timestamp FROM events ORDER BY seq LIMIT 1").to_arrow_table().to_pylist()
        )
    kept = Activity(
        row["id"], "claude_chat_created", row["timestamp"].astimezone(UTC), None, SERVED, sha256(SERVED).digest()
    )
    with open_writer(str(archive), FakeClock(NOW)) as writer:
        writer.append([Received(kept, "acme", NOW, "req_9", "walk_9")])
        writer.append([Received(replace(kept), "acme", NOW, "req_10", "walk_10")])
    return int(row["seq"])


def test_feed_health_lists_them_and_the_event_shows_both_texts(serve: Serve, own_archive: Path) -> None:
    seq = change_one(own_archive)
    inside = serve(archive=own_archive).inside()

    feeds, event = inside.get("/feeds").text, inside.get(f"/event/{seq}").text

    assert "acme returned stored activities again with other content" in feeds
    assert f'href="/event/{seq}#again"' in feeds
    assert sha256(SERVED).hexdigest()[:12] in feeds
    assert "Changed repeats" in event
    assert sha256(SERVED).hexdigest() in event
    assert "&lt;script&gt;served_again(1)&lt;/script&gt;" in event
    assert "<script>served_again(1)" not in event
    assert "req_9" in event
    assert "req_10" not in event


def test_a_viewer_sees_that_it_changed_and_not_the_bytes(serve: Serve, own_archive: Path) -> None:
    seq = change_one(own_archive)
    event = serve(archive=own_archive, has_users=True).inside("viewer").get(f"/event/{seq}").text

    assert sha256(SERVED).hexdigest() in event
    assert "served_again(1)" not in event


def test_an_event_that_did_not_change_says_nothing_of_it(serve: Serve, own_archive: Path) -> None:
    seq = change_one(own_archive)
    inside = serve(archive=own_archive).inside()

    assert "Changed repeats" not in inside.get(f"/event/{seq + 1}").text
