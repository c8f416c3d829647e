"""`anthropic-audit check`: check the set-up, and say how to correct problems."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.feed_filters import warnings, with_types
from anthropic_audit.application.normalizing import configured_processors
from anthropic_audit.archive.location import folder_of
from anthropic_audit.clock import SystemClock
from anthropic_audit.diagnosis import (
    CheckResult,
    State,
    archive_findings,
    enrichment_findings,
    feed_findings,
    probed,
    retention_findings,
    sink_findings,
)
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import redact
from anthropic_audit.service import open_feeds
from anthropic_audit.settings import KEY_VARIABLES, FeedSettings, Settings, SinkSettings
from anthropic_audit.settings_loader import ResolvedKey, resolve_key, resolve_sink_secret

from .configuration import load_settings, print_warning
from .environment import environment
from .options import Archive, Config, TableOrJson
from .output import Heading, console, print_json, print_table

_FOUND = 3
_HEADINGS = (
    Heading("what"),
    Heading("is", may_be_cut=False),
    Heading("found"),
)
_GIVE_UP_AFTER = "10s"


def check(
    offline: Annotated[bool, typer.Option("--offline", help="Send no request.")] = False,
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Check settings, keys, clocks, archive and databases.

    One small request per feed checks whether the API can be reached, whether it accepts the key and its scope, how much
    of the request budget is left, and whether the clocks agree. Clusters that receive events are asked for their
    version and set-up. Nothing is written, and a running collector is not disturbed.

    Exit codes: 0 no problem (warnings are not problems), 1 failed, 2 the settings can't be read, 3 a problem was found.
    """
    loaded = load_settings(config, {"archive": archive})
    settings = loaded.settings
    found = [
        *probed("settings", lambda: _settings(settings, loaded.path)),
        *(one for feed in settings.feeds for one in probed(f"feed {feed.name}", partial(_feed, feed, offline=offline))),
        *probed("archive", lambda: archive_findings(settings.archive, with_types(settings).feeds, SystemClock().now())),
        *probed("retention", lambda: _retention(settings)),
        *probed("enrichment", lambda: enrichment_findings(settings.enrichment, SystemClock().now())),
        *probed("processors", lambda: _processors(settings)),
        *(one for sink in settings.sinks for one in probed(f"sink {sink.name}", partial(_sink, sink, offline=offline))),
    ]
    if format is TableOrJson.JSON:
        print_json([{"what": one.what, "is": one.state, "found": redact(one.found), "cure": one.cure} for one in found])
    else:
        _print(found)
    if any(one.state is State.WRONG for one in found):
        raise typer.Exit(_FOUND)


def _retention(settings: Settings) -> Iterator[CheckResult]:
    """Yield the results for retention; none without an archive."""
    names = [sink.name for sink in settings.sinks]
    if folder_of(settings.archive).is_dir():
        yield from retention_findings(settings.archive, names, settings.retention.keep, SystemClock().now())


def _print(found: list[CheckResult]) -> None:
    print_table(_HEADINGS, [(one.what, one.state, redact(one.found)) for one in found])
    cures = [one for one in found if one.cure and one.state is not State.FINE]
    if cures:
        console().print("\nWhat to do")
    for one in cures:
        console().print(f"  {one.what}: {redact(one.cure)}", markup=False)


def _settings(settings: Settings, path: Path | None) -> Iterator[CheckResult]:
    where = str(path) if path else "no settings file: using defaults, the environment and flags"
    yield CheckResult("settings", State.FINE, where)
    if path and path.stat().st_mode & stat.S_IWOTH:
        yield CheckResult(
            "settings", State.WRONG, f"all users of this machine can write to {path}", f"run `chmod o-w {path}`"
        )
    if not settings.feeds:
        cure = f"set a key in {' or '.join(KEY_VARIABLES)}, or write a settings file with a feed"
        yield CheckResult("settings", State.WRONG, "no feed is configured", cure)
    for warning in warnings(with_types(settings)):
        yield CheckResult("settings", State.WARNING, warning, "correct the name, unless it is a new type")


def _feed(feed: FeedSettings, *, offline: bool) -> Iterator[CheckResult]:
    key = resolve_key(feed, environment())
    yield from _key_findings(f"feed {feed.name}: key", key)
    if offline:
        yield CheckResult(f"feed {feed.name}: API", State.SKIPPED, "no request sent (--offline)")
        return
    clock = SystemClock()
    (asked,) = with_types(Settings(feeds=(feed,))).feeds
    impatient = FeedSettings.model_validate({**asked.model_dump(), "give_up_after": _GIVE_UP_AFTER})
    (run,) = open_feeds([(impatient, key.secret)], clock, ignore_progress)
    with closing(run):
        yield from feed_findings(impatient, run.feed, clock)


def _sink(sink: SinkSettings, *, offline: bool) -> Iterator[CheckResult]:
    key = resolve_sink_secret(sink, environment())
    if key is not None:
        yield from _key_findings(f"sink {sink.name}: secret", key)
    yield from sink_findings(sink, key.secret if key else None, SystemClock(), offline=offline)


def _key_findings(what: str, key: ResolvedKey) -> Iterator[CheckResult]:
    yield CheckResult(what, State.FINE, f"found in {key.origin}")
    if key.warning:
        yield CheckResult(what, State.WARNING, key.warning, "")


def _processors(settings: Settings) -> Iterator[CheckResult]:
    configured_processors(Application(settings, environment(), print_warning))
    number = len(settings.processors)
    yield CheckResult("processors", State.FINE, f"{number} configured" if number else "none configured")
