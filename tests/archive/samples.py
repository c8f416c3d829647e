"""Activities and claims for tests of the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from anthropic_audit.archive import ArchiveWriter, Events, open_reader
from anthropic_audit.model import Activity, Coverage, Purpose, Received, RequestMade, Window
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLOCK = FakeClock(NOW)


def received(
    number: int, *, text: str = "", minutes: float = 0, feed: str = "acme", created_at: datetime | None = None
) -> Received:
    """Return an activity as it was received; other texts and times give other bytes under the same id."""
    when = created_at or NOW + timedelta(minutes=minutes)
    raw = f'{{"id":"activity_{number}","created_at":"{when.isoformat()}","text":"{text}"}}'.encode()
    activity = Activity(f"activity_{number}", "claude_chat_created", when, None, raw, sha256(raw).digest())
    return Received(activity, feed, NOW, "req_1", "walk_1")


def claim(start: int = -60, end: int = 0) -> Coverage:
    """Return the claim of a walk; the window is in minutes from now."""
    window = Window(NOW + timedelta(minutes=start), NOW + timedelta(minutes=end))
    return Coverage("acme", "{}", window, Purpose.TAIL, "walk_1", NOW, 1, 1, 1, "first", "last", "req_1")


def request() -> RequestMade:
    """Return a request that was answered."""
    return RequestMade("acme", "req_1", NOW, 200)


def events_of(archive: ArchiveWriter, first: int, last: int) -> Events:
    """Return an event for each of some stored activities."""
    rows: pa.Table = archive.activities_between(first, last)
    texts = [b'{"event":{"id":"%s"}}' % name.encode() for name in rows.column("id").to_pylist()]
    return Events(rows, texts, [True] * len(texts), "1")


def stored(folder: Path) -> list[tuple[int, str]]:
    """Return number and id of all activities, by number."""
    with open_reader(str(folder)).connect() as connection:
        return connection.sql("SELECT seq, id FROM activities ORDER BY seq").fetchall()
