"""`anthropic-audit archive repair`: get an archive back to what it can prove, and to all that can still be had."""

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
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Report:
    """What was wrong, what was done, and what is left."""

    found: Survey
    done: Repaired | None = None
    settled: Settled | None = None
    holes: Sequence[tuple[str, str, str]] = ()
    """What is still to be read again: feed, from, to."""
    fetched: int = 0
    """How many activities came back from the API."""

    @property
    def waiting(self) -> int:
        """How many activities are known by their events only, until their time is read again."""
        return self.settled.waiting if self.settled else 0

    @property
    def lost(self) -> int:
        """How many activities are gone for good, as far as that is known by now."""
        if self.done is None or self.holes or self.waiting:
            return 0
        numbers = sum(highest - lowest + 1 for lowest, highest in self.done.lost)
        return max(numbers - self.fetched, len(self.settled.lost) if self.settled else 0, 0)

    @property
    def exit_code(self) -> int:
        """0 whole again; 1 something is lost for good; 3 something is left to be fetched, or would be done."""
        if self.done is None:
            return 0 if self.found.is_whole else _LEFT
        if self.holes or self.waiting:
            return _LEFT
        return _LOST if self.lost else 0


def repair_archive(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is wrong and would be done; change nothing.")
    ] = False,
    fetch: Annotated[
        bool,
        typer.Option("--fetch/--no-fetch", help="Read what was lost again from the API, or leave it to `collect`."),
    ] = True,
    url: Annotated[
        str | None, typer.Option("--url", help="Base URL, instead of the feeds' one.", show_default=False)
    ] = None,
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Repair a damaged archive, and report what was lost for good.

    Damaged files are moved to `damaged/` in the archive, and never deleted. Claims of time whose activities are gone
    are withdrawn, so that the time is read again: here, or by the next `collect`. Events are derived again from
    activities. No number (`seq`) is given twice. It can be stopped and started again at any time, and changes nothing
    in an archive that is whole. Stop `run` and `collect` before.

    Exit codes: 0 the archive is whole, 1 failed, or something is lost for good, 2 wrong use or settings, 3 something is
    left to be fetched (with --dry-run: something is wrong).
    """
    application = open_application(config, {"archive": archive, "feeds.url": url})
    settings = with_types(application.settings)
    application = application.with_settings(settings)
    open_reader(settings.archive)  # says so when there is none
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
    """Return how many activities are stored."""
    return sum(file.rows for file in open_reader(settings.archive).tables["activities"].files)


def _fetch(application: Application, names: set[str]) -> None:
    """Collect the feeds that have something to read again; what can't be fetched now is said, and stays due."""
    feeds = [feed for feed in application.settings.feeds if feed.name in names]
    for name in sorted(names - {feed.name for feed in feeds}):
        notes().print(f"{name}: not configured, so nothing can be read again", markup=False)
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
        notes().print(f"{error}: what was read stays, the next `collect` or `archive repair` reads the rest")
    except AuditError as error:
        print_error(str(error), error.hint, error)


def _secret(application: Application, feed: FeedSettings) -> Secret | None:
    try:
        return resolve_key(feed, application.environ).secret
    except SetupError as error:
        notes().print(f"{feed.name}: nothing can be read again: {error}", markup=False)
        return None


def _lines(report: _Report) -> Iterator[str]:
    yield from _findings(report.found, has_holes=bool(report.holes))
    if report.done is None:
        for window in report.found.lost_time | report.found.lost_claims:
            yield f"would withdraw claims of {format_time(window.start)} to {format_time(window.end)}"
    else:
        yield from _deeds(report.done)
        yield from _ending(report)


def _findings(found: Survey, *, has_holes: bool) -> Iterator[str]:
    if found.is_whole and not has_holes:
        yield "nothing is damaged, and no table contradicts another"
    yield from (f"{one.table}: {one}" for one in found.damage)
    yield from found.contradictions
    numbers = sum(highest - lowest + 1 for lowest, highest in found.missing)
    if numbers:
        stretches = ", ".join(f"{lowest} to {highest}" for lowest, highest in found.missing[:_SHOWN])
        yield f"{numbers:,} activities are no longer there: numbers {stretches}"


def _deeds(done: Repaired) -> Iterator[str]:
    yield from (f"set aside: {path}" for path in done.set_aside)
    yield from (f"{name}: its log was made anew from what is whole" for name in done.rebuilt)
    for window in done.withdrawn:
        yield f"claims withdrawn: {format_time(window.start)} to {format_time(window.end)}"
    if done.derived:
        yield f"{done.derived:,} events derived from activities"


def _ending(report: _Report) -> Iterator[str]:
    if report.fetched:
        yield f"{report.fetched:,} activities came back from the API"
    for feed, start, end in report.holes:
        yield f"{feed}: still to be read again: {start} to {end}; `anthropic-audit collect --once` does it"
    if report.waiting and not report.holes:
        told = f"{report.waiting:,} activities are younger than all that is claimed"
        yield f"{told}: `anthropic-audit collect --once` reads them again"
    if report.lost:
        yield f"{report.lost:,} activities are lost for good: the API no longer has them"
    for one in (report.settled.lost if report.settled else ())[:_SHOWN]:
        yield f"lost for good, but for its event: {one.id} (number {one.seq})"


def _as_json(report: _Report) -> dict[str, object]:
    found, done, settled = report.found, report.done, report.settled
    told: dict[str, object] = {
        "damage": [
            {"table": one.table, "what": one.what, "where": one.where, "detail": one.detail} for one in found.damage
        ],
        "contradictions": list(found.contradictions),
        "missing": [{"from_seq": lowest, "to_seq": highest} for lowest, highest in found.missing],
    }
    if done is None:
        return told
    return told | {
        "set_aside": [str(path) for path in done.set_aside],
        "rebuilt": list(done.rebuilt),
        "withdrawn": [{"from": format_time(one.start), "to": format_time(one.end)} for one in done.withdrawn],
        "derived": done.derived,
        "fetched": report.fetched,
        "left": [{"feed": feed, "from": start, "to": end} for feed, start, end in report.holes],
        "lost": report.lost,
        "lost_but_for_their_events": [one.id for one in settled.lost] if settled else [],
    }
