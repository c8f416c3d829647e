"""Activities of hostile sizes and depths: every command shows the others, and none ends in a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import orjson
import pytest
from tests.cli.conftest import Run
from tests.hostile import GOOD, activities
from tests.sinks.receiver import Receiver

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.cli.output import MAX_CELL_CHARS
from anthropic_audit.console import open_console
from anthropic_audit.ecs import Normalizer
from anthropic_audit.feed.decode import decode_body
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Received
from anthropic_audit.progress import ignore_progress
from anthropic_audit.settings import Settings
from anthropic_audit.testing import FakeClock

NOW = datetime.now(UTC).replace(microsecond=0)
SENT = activities(NOW)
pytestmark = pytest.mark.timeout(300)

MAX_PAGE_BYTES = 4_000_000
"""Upper bound on the size of the console's pages, whatever an activity contains."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of hostile activities, read as a page of the feed and normalized."""
    folder = tmp_path_factory.mktemp("hostile") / "archive"
    page = b'{"data":[' + b",".join(SENT.values()) + b'],"has_more":false,"first_id":null,"last_id":null}'
    body = decode_body(page)
    with open_writer(str(folder), FakeClock(NOW)) as writer:
        writer.append([Received(one, "acme", NOW, "req_1", "walk_1") for one in body.activities])
        normalize_pending(writer, Normalizer(load()), NormalizeRules({}), ignore_progress)
    return folder


@pytest.fixture
def settings(archive: Path, tmp_path: Path) -> Path:
    file = tmp_path / "anthropic-audit.toml"
    file.write_text(f'archive = "{archive}"\n')
    return file


def test_all_of_them_are_kept_as_received_and_each_has_an_event(archive: Path) -> None:
    with open_reader(str(archive)).connect() as connection:
        kept = dict(connection.sql("SELECT id, raw FROM activities").fetchall())
        events = connection.sql("SELECT id, is_known FROM events").fetchall()

    assert kept == SENT
    assert sorted(identity for identity, _ in events) == sorted(SENT)
    assert {identity for identity, is_known in events if is_known} >= {f"good-{n}" for n in range(GOOD)}


COMMANDS = {
    "status": ("status",),
    "search-table": ("search", "--from", "1d", "--limit", "0"),
    "search-sentences": ("search", "--from", "1d", "--limit", "0", "--format", "sentences"),
    "search-ndjson": ("search", "--from", "1d", "--format", "ndjson"),
    "search-columns": ("search", "--from", "1d", "--limit", "0", "--columns", "event.id,anthropic.audit.metadata.x"),
    "search-kql": ("search", "--from", "1d", "-q", "anthropic.audit.metadata.x : * or event.id : good-*"),
    "export-activities": ("export", "--what", "activities"),
    "export-events": ("export", "--what", "events"),
    "export-ocsf": ("export", "--what", "events", "--schema", "ocsf"),
    "drift": ("catalogue", "drift"),
    "verify": ("archive", "verify"),
    "renormalize": ("renormalize", "--from", "1d"),
    "report": ("report", "--from", "1d", "--output", "report.html"),
}
MAY_SAY_MORE = {"drift"}
"""Commands that exit with 3 if they find a problem, as they do here."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_all_others_and_never_fails(name: str, run: Run, settings: Path) -> None:
    done = run(*COMMANDS[name], "--config", str(settings), env={"ANTHROPIC_AUDIT_DEBUG": "1"})

    assert done.exit_code in ({0, 3} if name in MAY_SAY_MORE else {0}), done.stderr[-2_000:]
    assert "Traceback" not in done.stderr
    if name.startswith(("search-ndjson", "search-columns", "export")):
        assert [number for number in range(GOOD) if f"good-{number}" not in done.stdout] == []
    if name in {"search-table", "search-columns", "drift", "status"}:
        assert max(map(len, done.stdout.splitlines())) < 8 * MAX_CELL_CHARS


@pytest.mark.parametrize("schema", ["ecs", "ocsf"])
def test_each_line_that_is_normalized_gives_an_event(run: Run, schema: str) -> None:
    done = run("normalize", "--schema", schema, stdin=b"\n".join(SENT.values()) + b"\n")

    assert done.exit_code == 0, done.stderr[-2_000:]
    assert len(done.stdout.splitlines()) == len(SENT)


def test_sinks_are_given_all_of_them_and_what_is_too_large_is_rejected(
    run: Run, settings: Path, tmp_path: Path
) -> None:
    receiver = Receiver()
    with settings.open("a") as file:
        file.write(f'[[sinks]]\nname = "files"\nto = "ndjson"\nfolder = "{tmp_path / "out"}"\n')
        file.write(f'[[sinks]]\nname = "web"\nto = "http"\nurl = "{receiver.url}"\nmax_event_bytes = 100000\n')
    try:
        done = run("sinks", "deliver", "--config", str(settings), env={"ANTHROPIC_AUDIT_DEBUG": "1"})
    finally:
        receiver.stop()

    assert done.exit_code == 0, done.stderr[-2_000:]
    lines = [line for file in (tmp_path / "out").iterdir() for line in file.read_bytes().splitlines()]
    assert sorted(orjson.loads(line)["event"]["id"] for line in lines) == sorted(SENT)
    heard = [orjson.loads(line)["event"]["id"] for one in receiver.heard for line in one.body.splitlines()]
    assert set(heard) >= {f"good-{number}" for number in range(GOOD)}
    assert "odd-value" not in heard
    with open_reader(str(archive_of(settings))).connect() as connection:
        rejected = dict(connection.sql("SELECT id, reason FROM rejected WHERE sink = 'web'").fetchall())
    assert set(rejected) == set(SENT) - set(heard)
    assert all("max_event_bytes" in reason for reason in rejected.values())


def archive_of(settings: Path) -> Path:
    return Path(settings.read_text().splitlines()[0].partition('"')[2].rstrip('"'))


@contextmanager
def console(archive: Path, folder: Path) -> Iterator[httpx2.Client]:
    told = {"port": 0, "access_log": str(folder / "access.ndjson")}
    with open_console(
        Settings.model_validate({"archive": str(archive), "console": told}), FakeClock(NOW), lambda _: None
    ) as served:
        url = served.link().partition("/enter")[0]
        headers = {"sec-fetch-site": "same-origin"}
        with httpx2.Client(base_url=url, trust_env=False, timeout=50, headers=headers) as client:
            assert client.get(served.link()).status_code == 303
            yield client


def test_pages_of_the_console_are_bounded_whatever_an_activity_holds(archive: Path, tmp_path: Path) -> None:
    with open_reader(str(archive)).connect() as connection:
        seqs = connection.sql("SELECT seq, id FROM events ORDER BY seq").fetchall()
    pages = {
        "overview": "/",
        "explore": "/explore",
        "events": "/api/events?from=now-1d&columns=user.email,anthropic.audit.metadata.x",
        "over time": "/api/over-time?from=now-1d",
        "users": "/api/values?from=now-1d&field=user.email",
        "actions": "/api/values?from=now-1d&field=event.action",
        "metadata": "/api/values?from=now-1d&field=anthropic.audit.claude_chat_id",
        "completions": "/api/completions?from=now-1d&text=user.email%20%3A%20",
        "entity": "/entity/user/alice%40acme.example",
        "latest": "/api/entity/latest/user/alice%40acme.example?from=now-1d",
        "facets": "/api/entity/values/user/alice%40acme.example?from=now-1d",
        **{identity: f"/event/{seq}" for seq, identity in seqs if identity.startswith("odd-")},
    }
    with console(archive, tmp_path) as client:
        answers = {name: client.get(path) for name, path in pages.items()}

    assert {name: one.status_code for name, one in answers.items() if one.status_code != 200} == {}
    sizes = {name: len(one.content) for name, one in answers.items()}
    assert {name: size for name, size in sizes.items() if size > MAX_PAGE_BYTES} == {}
    assert "more characters" in answers["odd-value"].text
