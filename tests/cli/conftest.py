"""Fixtures that run commands in an isolated folder and environment, and make archives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.serving import serving
from typer.testing import CliRunner, Result

from anthropic_audit.archive import open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.cli.app import app
from anthropic_audit.clock import SystemClock
from anthropic_audit.ecs import Normalizer
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Activity, Coverage, Purpose, Received, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.simulator import Server
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

NOW = datetime.now(UTC).replace(microsecond=0)
"""Time at which archives of `make_archive` are written and read."""

ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "203.0.113.5",
    "user_agent": "Mozilla/5.0",
}
BOB = {**ALICE, "email_address": "bob@acme.example", "user_id": "user_bob", "ip_address": "198.51.100.7"}


Run = Callable[..., Result]
"""Runs a command line: `run('search', 'alice', env={…}, stdin=…)`."""


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    yield shared_server
    shared_server.vendor.faults.clear()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*args: str, env: dict[str, str] | None = None, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, args, env=env, input=stdin)

    return invoke


def activity(number: int, kind: str, actor: dict[str, str], ago: timedelta, **fields: object) -> dict[str, Any]:
    return {
        "id": f"activity_{number}",
        "created_at": format_time(NOW - ago),
        "organization_id": "org_1",
        "organization_uuid": None,
        "actor": actor,
        "type": kind,
        **fields,
    }


ACTIVITIES = [
    activity(1, "claude_chat_created", ALICE, timedelta(days=3), claude_chat_id="claude_chat_1"),
    activity(2, "sso_login_failed", BOB, timedelta(days=2)),
    activity(3, "admin_api_key_created", ALICE, timedelta(hours=3), admin_api_key_id="apikey_1"),
    activity(4, "claude_chat_viewed", BOB, timedelta(hours=1), claude_chat_id="claude_chat_1"),
]


def received(one: dict[str, Any], feed: str) -> Received:
    raw = orjson.dumps(one)
    when = datetime.fromisoformat(one["created_at"])
    kept = Activity(one["id"], one["type"], when, one["organization_id"], raw, sha256(raw).digest())
    return Received(kept, feed, NOW, "req_1", "walk_1")


def walked(start: timedelta, end: timedelta, feed: str = "acme", **others: Any) -> Coverage:
    """Return the record of a finished walk over a time before NOW."""
    values = {
        "feed": feed,
        "filters": "{}",
        "window": Window(NOW - start, NOW - end),
        "purpose": Purpose.TAIL,
        "walk_id": "walk_1",
        "walked_at": NOW - end,
        "pages": 2,
        "activities": 5,
        "new": 4,
        "first_id": None,
        "last_id": None,
        "request_id": "req_1",
        "requests_limit": 600,
        "requests_remaining": 597,
    }
    return Coverage(**{**values, **others})


MakeArchive = Callable[[Sequence[Received], Sequence[Coverage]], Path]


@pytest.fixture
def make_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeArchive:
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)  # this module may have been imported an hour ago

    def make(kept: Sequence[Received], coverage: Sequence[Coverage]) -> Path:
        folder = tmp_path / "archive"
        with open_writer(str(folder), FakeClock(NOW)) as archive:
            archive.append(kept)
            for one in coverage:
                archive.claim(one)
            normalize_pending(archive, Normalizer(load()), NormalizeRules(), ignore_progress)
        return folder

    return make


@pytest.fixture
def archive(make_archive: MakeArchive) -> Path:
    """Make an archive in the default folder, `./archive`."""
    return make_archive(
        [received(one, "acme") for one in ACTIVITIES], [walked(timedelta(days=4), timedelta(minutes=5))]
    )


@pytest.fixture
def walks() -> Callable[..., Coverage]:
    return walked
