"""Fixtures: small archives at a fixed time, and reports on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.catalogue import Catalogue, load
from anthropic_audit.console.url_query import Period
from anthropic_audit.ecs import Normalizer
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Activity, Coverage, Purpose, Received, Window
from anthropic_audit.privacy.masking import Masking, Unmasked
from anthropic_audit.progress import ignore_progress
from anthropic_audit.query import EVERYTHING, Query
from anthropic_audit.reporting import Gathered, Scope, gather
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "203.0.113.5",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
BOB = {**ALICE, "email_address": "bob@acme.example", "user_id": "user_bob", "ip_address": "198.51.100.7"}

Some = tuple[str, dict[str, str], timedelta, dict[str, Any]]

ACTIVITIES: Sequence[Some] = (
    ("claude_chat_created", ALICE, 10 * DAY, {"claude_chat_id": "claude_chat_1"}),
    ("claude_chat_created", ALICE, 3 * DAY, {"claude_chat_id": "claude_chat_2"}),
    ("sso_login_failed", BOB, 2 * DAY, {}),
    ("admin_api_key_created", ALICE, 3 * HOUR, {"admin_api_key_id": "apikey_1"}),
    ("claude_chat_viewed", BOB, HOUR, {"claude_chat_id": "claude_chat_1"}),
)
"""One activity before the last week, and four in it: one failed sign-in, one critical."""


def received(number: int, some: Some) -> Received:
    kind, actor, ago, fields = some
    one = {
        "id": f"activity_{number}",
        "created_at": format_time(NOW - ago),
        "organization_id": "org_1",
        "organization_uuid": None,
        "actor": actor,
        "type": kind,
        **fields,
    }
    raw = orjson.dumps(one)
    kept = Activity(one["id"], kind, NOW - ago, "org_1", raw, sha256(raw).digest())
    return Received(kept, "acme", NOW, "req_1", "walk_1")


def walked(start: timedelta, end: timedelta, feed: str = "acme", filters: str = "{}") -> Coverage:
    """A finished walk of a window before `NOW`."""
    return Coverage(
        feed=feed,
        filters=filters,
        window=Window(NOW - start, NOW - end),
        purpose=Purpose.TAIL,
        walk_id="walk_1",
        walked_at=NOW - end,
        pages=2,
        activities=5,
        new=4,
        first_id=None,
        last_id=None,
        request_id="req_1",
    )


WHOLE = (walked(14 * DAY, timedelta(minutes=2)),)

Make = Callable[..., Path]
Report = Callable[..., Gathered]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def make_archive(tmp_path: Path, catalogue: Catalogue) -> Make:
    def make(some: Sequence[Some] = ACTIVITIES, walks: Sequence[Coverage] = WHOLE) -> Path:
        folder = tmp_path / "archive"
        with open_writer(str(folder), FakeClock(NOW)) as archive:
            archive.append([received(number, one) for number, one in enumerate(some, start=1)])
            for one in walks:
                archive.claim(one)
            normalize_pending(archive, Normalizer(catalogue), NormalizeRules(), ignore_progress)
        return folder

    return make


@pytest.fixture
def gathered(catalogue: Catalogue) -> Report:
    def queries(
        folder: Path,
        *,
        period: Period | None = None,
        query: Query = EVERYTHING,
        masking: Masking | None = None,
        title: str = "Audit report",
    ) -> Gathered:
        asked = Scope(period or Period(NOW - 7 * DAY, NOW), NOW, title, query, "a query" if query != EVERYTHING else "")
        return gather(open_reader(str(folder)), asked, masking or Unmasked(), catalogue)

    return queries
