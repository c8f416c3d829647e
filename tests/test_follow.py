"""Events are derived from activities, and derived again with a newer catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anthropic_audit.archive import ArchiveWriter, open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.errors import ArchiveError
from anthropic_audit.follow import NormalizeRules, normalize_pending, renormalize
from anthropic_audit.model import Activity, Received, Window
from anthropic_audit.progress import Normalized, Progress, ignore_progress
from anthropic_audit.simulator.world import World, WorldSettings
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import EPOCH

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CATALOGUE = load()
OLD, NEW = Normalizer(replace(CATALOGUE, version="old")), Normalizer(replace(CATALOGUE, version="new"))
WORLD = World(WorldSettings(), CATALOGUE)
RULES = NormalizeRules({"acme": Options(tags=("acme",)), "other": Options(tags=("other",))})
ALWAYS = Window(EPOCH, NOON + timedelta(days=3650))


def received(number: int, created_at: datetime, feed: str = "acme") -> Received:
    made = WORLD.example("claude_chat_created", "user_actor", Random(number))
    identity = f"activity_{number}"
    raw = orjson.dumps({**made, "id": identity, "created_at": created_at.isoformat().replace("+00:00", "Z")})
    activity = Activity(identity, "claude_chat_created", created_at, "org_1", raw, sha256(raw).digest())
    return Received(activity, feed, NOON + timedelta(hours=1), "req_1", "walk_1")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    with open_writer(str(tmp_path / "archive"), FakeClock(NOON)) as writer:
        yield writer


def events_of(folder: Path) -> list[dict[str, Any]]:
    with open_reader(str(folder / "archive")).connect() as connection:
        rows: list[dict[str, Any]] = (
            connection.sql(
                "SELECT seq, feed, id, epoch_us(timestamp) AS us, catalogue_version, document FROM events ORDER BY seq"
            )
            .to_arrow_table()
            .to_pylist()
        )
    return rows


def test_each_feeds_events_carry_its_options_in_any_order(archive: ArchiveWriter, tmp_path: Path) -> None:
    feeds = ["acme", "acme", "other", "gone", "acme"]
    archive.append([received(number, NOON, feed) for number, feed in enumerate(feeds)])

    assert normalize_pending(archive, OLD, RULES, ignore_progress) == 5

    tags = [orjson.loads(row["document"])["tags"] for row in events_of(tmp_path)]
    assert tags == [["acme"], ["acme"], ["other"], list(Options().tags), ["acme"]]


def test_an_undated_activity_has_the_time_at_which_it_was_received(archive: ArchiveWriter, tmp_path: Path) -> None:
    archive.append([received(1, NOON), received(2, EPOCH), received(3, NOON)])

    normalize_pending(archive, OLD, RULES, ignore_progress)

    created = [orjson.loads(row["document"])["event"].get("created") for row in events_of(tmp_path)]
    assert created == [None, "2026-11-23T13:00:00.000Z", None]


def test_renormalizing_replaces_the_events_of_a_window_and_no_other(archive: ArchiveWriter, tmp_path: Path) -> None:
    times = [NOON + timedelta(hours=hours) for hours in (-30, -3, -2, -1, 0, 30)]
    for number, created_at in enumerate(times):
        archive.append([received(number, created_at)])
        normalize_pending(archive, OLD, RULES, ignore_progress)
    before = events_of(tmp_path)

    done = renormalize(archive, NEW, RULES, Window(times[1], times[4]), watch=ignore_progress)

    after = events_of(tmp_path)
    assert done == 3
    assert [row["catalogue_version"] for row in after] == ["old", "new", "new", "new", "old", "old"]
    assert [(row["seq"], row["id"], row["us"]) for row in after] == [
        (row["seq"], row["id"], row["us"]) for row in before
    ]
    versions = [orjson.loads(row["document"])["anthropic"]["audit"]["catalogue"]["version"] for row in after]
    assert versions == [row["catalogue_version"] for row in after]


def test_normalizing_goes_on_where_it_was_after_renormalizing(archive: ArchiveWriter, tmp_path: Path) -> None:
    archive.append([received(1, NOON)])
    normalize_pending(archive, OLD, RULES, ignore_progress)
    renormalize(archive, NEW, RULES, ALWAYS, watch=ignore_progress)
    archive.append([received(2, NOON)])

    assert normalize_pending(archive, OLD, RULES, ignore_progress) == 1

    assert [row["catalogue_version"] for row in events_of(tmp_path)] == ["new", "old"]


def test_a_reader_that_was_there_before_sees_what_it_saw(archive: ArchiveWriter, tmp_path: Path) -> None:
    archive.append([received(1, NOON)])
    normalize_pending(archive, OLD, RULES, ignore_progress)
    with open_reader(str(tmp_path / "archive")).connect() as connection:
        renormalize(archive, NEW, RULES, ALWAYS, watch=ignore_progress)

        assert connection.sql("SELECT catalogue_version FROM events").fetchall() == [("old",)]


def test_an_empty_window_is_left_alone(archive: ArchiveWriter) -> None:
    archive.append([received(1, NOON)])
    normalize_pending(archive, OLD, RULES, ignore_progress)

    assert (
        renormalize(
            archive, NEW, RULES, Window(NOON + timedelta(hours=1), NOON + timedelta(days=9)), watch=ignore_progress
        )
        == 0
    )
    assert renormalize(archive, NEW, RULES, Window(NOON - timedelta(days=9), NOON), watch=ignore_progress) == 0


def test_a_failure_while_deriving_changes_nothing(archive: ArchiveWriter, tmp_path: Path) -> None:
    archive.append([received(1, NOON)])
    normalize_pending(archive, OLD, RULES, ignore_progress)
    (chunk,) = archive.event_chunks(ALWAYS.start, ALWAYS.end)

    def fail(_: object) -> Any:
        message = "broken"
        raise OSError(message)

    with pytest.raises(ArchiveError):
        archive.replace_events(chunk, fail)

    assert [row["catalogue_version"] for row in events_of(tmp_path)] == ["old"]
    assert renormalize(archive, NEW, RULES, ALWAYS, watch=ignore_progress) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.integers(-100, 100), min_size=1, max_size=5), min_size=1, max_size=4),
    st.integers(-100, 100),
    st.integers(0, 100),
)
def test_any_window_is_renormalized_exactly(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], start: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    window = Window(NOON + timedelta(hours=start), NOON + timedelta(hours=start + length + 1))
    progress: list[Progress] = []
    with open_writer(str(folder / "archive"), FakeClock(NOON)) as writer:
        number = 0
        for batch in batches:
            writer.append([received(number := number + 1, NOON + timedelta(hours=hours)) for hours in batch])
            normalize_pending(writer, OLD, RULES, ignore_progress)
        done = renormalize(writer, NEW, RULES, window, watch=progress.append)

    rows = events_of(folder)
    inside = [window.start <= datetime.fromtimestamp(row["us"] / 1e6, UTC) < window.end for row in rows]
    assert len(rows) == number
    assert [row["catalogue_version"] == "new" for row in rows] == inside
    assert done == sum(inside) == sum(one.events for one in progress if isinstance(one, Normalized))
