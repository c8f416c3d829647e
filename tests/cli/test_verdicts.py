"""All views give the same verdict on a feed: `status`, `check`, `/readyz`, metrics, console, `gaps` and the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import ACTIVITIES, NOW, MakeArchive, Run, received, walked

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.console.health import gather as gather_health
from anthropic_audit.console.url_query import Period
from anthropic_audit.diagnosis.archive import archive_findings
from anthropic_audit.diagnosis.findings import State
from anthropic_audit.model import Coverage
from anthropic_audit.privacy.masking import Unmasked
from anthropic_audit.reporting.completeness import MissingReason
from anthropic_audit.reporting.gather import Scope, gather
from anthropic_audit.service import ServiceMetrics, readiness
from anthropic_audit.settings import Settings
from anthropic_audit.status import FeedState
from anthropic_audit.testing import FakeClock

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CURRENT, BEHIND, NEVER, RETIRED = FeedState.CURRENT, FeedState.BEHIND, FeedState.NEVER_COLLECTED, FeedState.RETIRED
CHATS = '{"activity_types":["claude_chat_created"]}'


@dataclass(frozen=True)
class Situation:
    """Settings and walks, and the verdict that all views must give."""

    walks: Sequence[Coverage]
    verdict: Mapping[tuple[str, str], FeedState]
    settings: Mapping[str, object] = field(default_factory=dict)
    """Walks of the feed `acme`."""
    has_hole: bool = False


SITUATIONS = {
    "covered up to five minutes ago": Situation([walked(9 * DAY, 5 * MINUTE)], {("acme", "{}"): CURRENT}),
    "covered up to an hour ago": Situation([walked(9 * DAY, HOUR)], {("acme", "{}"): BEHIND}),
    "a long interval": Situation([walked(9 * DAY, 50 * MINUTE)], {("acme", "{}"): CURRENT}, {"interval": "1h"}),
    "behind in spite of a long interval": Situation(
        [walked(9 * DAY, 4 * HOUR)], {("acme", "{}"): BEHIND}, {"interval": "1h"}
    ),
    "a long settle": Situation([walked(9 * DAY, 40 * MINUTE)], {("acme", "{}"): CURRENT}, {"settle": "30m"}),
    "a limit of its own": Situation([walked(9 * DAY, 12 * MINUTE)], {("acme", "{}"): BEHIND}, {"max_lag": "10m"}),
    "never collected": Situation([], {("acme", "{}"): NEVER}),
    "changed filters": Situation(
        [walked(9 * DAY, 54 * MINUTE)],
        {("acme", "{}"): RETIRED, ("acme", CHATS): NEVER},
        {"activity_types": ["claude_chat_created"]},
    ),
    "changed filters that were collected": Situation(
        [walked(9 * DAY, 3 * DAY), walked(9 * DAY, MINUTE, filters=CHATS)],
        {("acme", "{}"): RETIRED, ("acme", CHATS): CURRENT},
        {"activity_types": ["claude_chat_created"]},
    ),
    "a feed that was removed": Situation(
        [walked(9 * DAY, 2 * DAY, feed="old"), walked(9 * DAY, MINUTE)],
        {("old", "{}"): RETIRED, ("acme", "{}"): CURRENT},
    ),
    "a walk that failed since": Situation(
        [walked(9 * DAY, 3 * HOUR), walked(9 * DAY, 8 * DAY, walked_at=NOW)], {("acme", "{}"): BEHIND}
    ),
    "a hole": Situation([walked(9 * DAY, 6 * DAY), walked(5 * DAY, MINUTE)], {("acme", "{}"): CURRENT}, has_hole=True),
    "coverage ahead of our clock": Situation([walked(9 * DAY, -10 * MINUTE)], {("acme", "{}"): CURRENT}),
}


@dataclass(frozen=True)
class Asked:
    """An archive in one of the situations, with its settings."""

    run: Run
    folder: Path
    config: Path
    settings: Settings

    def command(self, *words: str) -> Any:
        return self.run(*words, "--config", str(self.config))


def by_status(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    printed = json.loads(asked.command("status", "--format", "json").stdout)
    found = {(one["feed"], one["filters"]): FeedState(one["state"]) for one in printed["feeds"]}
    assert printed["behind"] == [name for (name, _), state in found.items() if state is BEHIND]
    assert printed["never_walked"] == [name for (name, _), state in found.items() if state is NEVER]
    return found


def by_check(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    found = {}
    for one in archive_findings(str(asked.folder), asked.settings.feeds, NOW):
        if one.what.endswith(": coverage"):
            is_behind = one.state is State.WARNING and "check that `run` is running" in (one.cure or "")
            state = NEVER if "never collected" in one.found else BEHIND if is_behind else CURRENT
            found[one.what.removeprefix("feed ").removesuffix(": coverage")] = state
    return {(feed.name, feed.filters.key()): found[feed.name] for feed in asked.settings.feeds}


def by_readiness(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    with open_writer(str(asked.folder), FakeClock(NOW)) as archive:
        answer = readiness(archive, asked.settings.feeds, NOW)
    body = json.loads(answer.body)
    found = {(one.name, one.filters.key()): FeedState(body["feeds"][one.name]["state"]) for one in asked.settings.feeds}
    assert (answer.status == 200) is (set(found.values()) == {CURRENT})
    return found


def by_metrics(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    """Return the states according to metrics: a feed that was never collected counts as behind."""
    with open_writer(str(asked.folder), FakeClock(NOW)) as archive:
        text = ServiceMetrics(lambda _: None, FakeClock(NOW)).text(archive, asked.settings.feeds).decode()
        never = {one.name for one in asked.settings.feeds if archive.covered(one.name, one.filters).end is None}
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    found = {}
    for one in asked.settings.feeds:
        is_behind = float(values[f'anthropic_audit_feed_behind{{feed="{one.name}"}}']) == 1
        found[one.name, one.filters.key()] = (NEVER if one.name in never else BEHIND) if is_behind else CURRENT
    return found


def by_console(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    reader = open_reader(str(asked.folder))
    with reader.connect() as connection:
        health = gather_health(connection, asked.settings, reader, NOW)
    found = {one.status.key: one.status.state for one in health.feeds}
    filters = {one.name: one.filters.key() for one in asked.settings.feeds}
    found |= {(name, filters[name]): NEVER for name in health.never}
    for (name, _), state in found.items():
        assert any(name in one and "behind" in one for one in health.problems) is (state is BEHIND)
    return found


def by_gaps(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    """Return the states according to gaps: a gap after the end of a coverage means that the feed is behind."""
    listed = asked.command("gaps", "list", "--format", "json")
    late = {
        (one["feed"], one["filters"]) for one in json.loads(listed.stdout) if one["to"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    }
    found = {}
    for feed in asked.settings.feeds:
        key = (feed.name, feed.filters.key())
        found[key] = (
            NEVER if f"{feed.name}: configured, but never" in listed.stderr else BEHIND if key in late else CURRENT
        )
    assert late <= found.keys()
    return found


def by_report(asked: Asked) -> Mapping[tuple[str, str], FeedState]:
    scope = Scope(Period(NOW - 7 * DAY, NOW), NOW, "Audit report")
    found = gather(open_reader(str(asked.folder)), scope, Unmasked(), load(), feeds=asked.settings.feeds)
    means = {
        MissingReason.NOT_DUE: CURRENT,
        MissingReason.LATE: BEHIND,
        MissingReason.NEVER: NEVER,
        MissingReason.RETIRED: RETIRED,
    }
    for one in found.feeds:
        assert {means[part.why] for part in one.missing if part.why in means} <= {one.state}
    return {(one.feed, one.filters): one.state for one in found.feeds}


VIEWS: Sequence[Callable[[Asked], Mapping[tuple[str, str], FeedState]]] = (
    by_status,
    by_check,
    by_readiness,
    by_metrics,
    by_console,
    by_gaps,
    by_report,
)
SHOW_RETIRED_FEEDS = {by_status, by_console, by_report}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", SITUATIONS)
def test_all_views_give_one_verdict(run: Run, make_archive: MakeArchive, tmp_path: Path, name: str) -> None:
    one = SITUATIONS[name]
    folder = make_archive([received(ACTIVITIES[0], "acme")], one.walks)
    told = {"name": "acme", "initial_interval": "7d", **one.settings}
    config = tmp_path / "anthropic-audit.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    config.write_text(f"archive = {json.dumps(str(folder))}\n[[feeds]]\n" + "\n".join(lines))
    settings = Settings.model_validate({"archive": str(folder), "feeds": [told]})
    asked = Asked(run, folder, config, settings)

    found = {view: dict(view(asked)) for view in VIEWS}

    configured = {key: state for key, state in one.verdict.items() if state is not RETIRED}
    for view, verdict in found.items():
        assert verdict == (dict(one.verdict) if view in SHOW_RETIRED_FEEDS else configured), view.__name__
    is_missing = one.has_hole or set(configured.values()) != {CURRENT}
    assert asked.command("gaps", "list").exit_code == (3 if is_missing else 0)
