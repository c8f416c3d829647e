"""`anthropic-audit archive repair`: restore an archive's consistency, and collect lost activities again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from anthropic_audit.application import Application
from anthropic_audit.application.collecting import open_collecting
from anthropic_audit.application.feed_filters import with_types
from anthropic_audit.application.normalizing import normalize_rules, open_normalizer
from anthropic_audit.archive import open_reader
from anthropic_audit.archive.location import folder_of
from anthropic_audit.archive.orphans import Settled
from anthropic_audit.archive.repair import Repaired, repair, settle
from anthropic_audit.archive.survey import Survey, survey
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError, InterruptedRunError, SetupError
from anthropic_audit.follow import deriver
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings, Settings
from anthropic_audit.settings_loader import resolve_key
from anthropic_audit.times import format_time

from .collect import watching
from .configuration import open_application
from .failures import print_error
from .options import Archive, Config, TableOrJson
from .output import console, notes, print_json
from .signals import stopping

_LOST, _LEFT = 1, 3
_MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Report:
    """The damage that was found, the repairs, and what is left to do."""

    found: Survey
    done: Repaired | None = None
    settled: Settled | None = None
    holes: Sequence[tuple[str, str, str]] = ()
    """Time that is still to be read again: feed, from, to."""
    fetched: int = 0
    """Number of lost activities that were collected again."""

    @property
    def waiting(self) -> int:
        """Number of activities of which only the events are left, until their time is read again."""
        return self.settled.waiting if self.settled else 0

    @property
    def lost(self) -> int:
        """Number of activities that are permanently lost, as far as known."""
        if self.done is None or self.holes or self.waiting:
            return 0
        numbers = sum(highest - lowest + 1 for lowest, highest in self.done.lost)
        return max(numbers - self.fetched, len(self.settled.lost) if self.settled else 0, 0)

    @property
    def exit_code(self) -> int:
        """0 complete; 1 activities are permanently lost; 3 activities are left to collect, or (dry run) damage."""
        if self.done is None:
            return 0 if self.found.is_whole else _LEFT
        if self.holes or self.waiting:
            return _LEFT
        return _LOST if self.lost else 0


def repair_archive(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the damage and the repairs; change nothing.")
    ] = False,
    fetch: Annotated[
        bool,
        typer.Option(
            "--fetch/--no-fetch", help="Collect lost activities again from the API, or leave that to `collect`."
        ),
    ] = True,
    url: Annotated[
        str | None, typer.Option("--url", help="Base URL, instead of the feeds' `url`.", show_default=False)
    ] = None,
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Repair a damaged archive, and report permanent losses.

    Stop `run` and `collect` first. Damaged files are moved to `damaged/` in the archive, and never deleted. Claims
    whose activities are lost are withdrawn, so that their time is read again, by this command or the next `collect`.
    Events are derived again from activities. No sequence number (`seq`) is used twice. The command can be stopped and
    started again at any time, and changes nothing in an undamaged archive.

    Exit codes: 0 the archive is complete, 1 failed, or activities are permanently lost, 2 wrong use or settings, 3
    activities are left to be collected (with --dry-run: damage was found).
    """
    application = open_application(config, {"archive": archive, "feeds.url": url})
    settings = with_types(application.settings)
    application = application.with_settings(settings)
    open_reader(settings.archive)  # raises if there is no archive
    folder = folder_of(settings.archive)
    if dry_run:
        report = _Report(survey(folder))
    else:
        rules = normalize_rules(settings.feeds)
        feeds = [(feed.name, feed.filters.key()) for feed in settings.feeds]
        now = SystemClock().now()
        found, done = repair(folder, now, deriver(open_normalizer(application), rules), feeds)
        before = _stored(settings)
        names = {row.feed for row in done.holes} or {feed.name for feed in settings.feeds if done.lost}
        if fetch and names:
            _fetch(application, names)
        settled, holes = settle(folder, SystemClock().now())
        left = [(row.feed, format_time(row.entry.window.start), format_time(row.entry.window.end)) for row in holes]
        report = _Report(found, done, settled, left, _stored(settings) - before)
    if format is TableOrJson.JSON:
        print_json(_as_json(report))
    else:
        for line in _lines(report):
            console().print(line, markup=False, soft_wrap=True)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _stored(settings: Settings) -> int:
    """Return the number of stored activities."""
    return sum(file.rows for file in open_reader(settings.archive).tables["activities"].files)


def _fetch(application: Application, names: set[str]) -> None:
    """Collect the feeds with time to read again; print the errors, and leave the rest to the next run."""
    feeds = [feed for feed in application.settings.feeds if feed.name in names]
    for name in sorted(names - {feed.name for feed in feeds}):
        notes().print(f"{name}: not configured, so its lost activities can't be collected again", markup=False)
    keys = [(feed, found) for feed in feeds if (found := _secret(application, feed)) is not None]
    if not keys:
        return
    try:
        with (
            stopping(application.clock.interrupt, InterruptedRunError.exit_code),
            watching() as watch,
            open_collecting(application, keys, watch) as collecting,
        ):
            for outcome in collecting.once():
                if outcome.error is not None:
                    print_error(f"{outcome.feed}: {outcome.error}", outcome.error.hint, outcome.error)
    except InterruptedRunError as error:
        notes().print(f"{error}: stored activities stay; the next `collect` or `archive repair` reads the rest")
    except AuditError as error:
        print_error(str(error), error.hint, error)


def _secret(application: Application, feed: FeedSettings) -> Secret | None:
    try:
        return resolve_key(feed, application.environ).secret
    except SetupError as error:
        notes().print(f"{feed.name}: lost activities can't be collected again: {error}", markup=False)
        return None


def _lines(report: _Report) -> Iterator[str]:
    yield from _findings(report.found, has_holes=bool(report.holes))
    if report.done is None:
        for window in report.found.lost_time | report.found.lost_claims:
            yield f"would withdraw claims of {format_time(window.start)} to {format_time(window.end)}"
    else:
        yield from _repairs(report.done)
        yield from _remaining(report)


def _findings(found: Survey, *, has_holes: bool) -> Iterator[str]:
    if found.is_whole and not has_holes:
        yield "no damage, and no contradictions between tables"
    yield from (f"{one.table}: {one}" for one in found.damage)
    yield from found.contradictions
    numbers = sum(highest - lowest + 1 for lowest, highest in found.missing)
    if numbers:
        stretches = ", ".join(f"{lowest} to {highest}" for lowest, highest in found.missing[:_MAX_SHOWN])
        yield f"{numbers:,} activities are missing: sequence numbers {stretches}"


def _repairs(done: Repaired) -> Iterator[str]:
    yield from (f"set aside: {path}" for path in done.set_aside)
    yield from (f"{name}: its log was rebuilt from undamaged files" for name in done.rebuilt)
    for window in done.withdrawn:
        yield f"claims withdrawn: {format_time(window.start)} to {format_time(window.end)}"
    if done.derived:
        yield f"{done.derived:,} events derived from activities"


def _remaining(report: _Report) -> Iterator[str]:
    if report.fetched:
        yield f"{report.fetched:,} activities were collected again from the API"
    for feed, start, end in report.holes:
        yield f"{feed}: still to be collected again: {start} to {end}; run `anthropic-audit collect --once`"
    if report.waiting and not report.holes:
        waiting = f"{report.waiting:,} activities are newer than all coverage"
        yield f"{waiting}: `anthropic-audit collect --once` collects them again"
    if report.lost:
        yield f"{report.lost:,} activities are permanently lost: the API no longer has them"
    for one in (report.settled.lost if report.settled else ())[:_MAX_SHOWN]:
        yield f"permanently lost, except for its event: {one.id} (sequence number {one.seq})"


def _as_json(report: _Report) -> dict[str, object]:
    found, done, settled = report.found, report.done, report.settled
    document: dict[str, object] = {
        "damage": [
            {"table": one.table, "what": one.what, "where": one.where, "detail": one.detail} for one in found.damage
        ],
        "contradictions": list(found.contradictions),
        "missing": [{"from_seq": lowest, "to_seq": highest} for lowest, highest in found.missing],
    }
    if done is None:
        return document
    return document | {
        "set_aside": [str(path) for path in done.set_aside],
        "rebuilt": list(done.rebuilt),
        "withdrawn": [{"from": format_time(one.start), "to": format_time(one.end)} for one in done.withdrawn],
        "derived": done.derived,
        "fetched": report.fetched,
        "left": [{"feed": feed, "from": start, "to": end} for feed, start, end in report.holes],
        "lost": report.lost,
        "lost_but_for_their_events": [one.id for one in settled.lost] if settled else [],
    }
