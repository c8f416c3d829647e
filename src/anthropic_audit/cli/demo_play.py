"""The steps of the demo: build a simulated organization, collect it, report on it, and verify the archive."""

from __future__ import annotations

import shlex
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from anthropic_audit.application import Application
from anthropic_audit.application.collecting import open_collecting
from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import AuditError, FatalError
from anthropic_audit.plan import Spans
from anthropic_audit.progress import Progress, Stored, Watch
from anthropic_audit.query import SearchRequest, Spot, most_frequent, on_the_map, parse_condition, per_day, run
from anthropic_audit.settings import FeedSettings, Settings
from anthropic_audit.simulator import Server, Vendor, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.times import format_duration

from .demo_map import world_map
from .demo_report import Proof, chart, hits_text, proof_text, ranking, side_by_side, titled
from .options import read_span
from .progress_display import ProgressDisplay

ACTIVITIES_PER_DAY = 3000.0
_LIVE_SECONDS = 4.0
_ROUNDS_TO_COMPACT = 75
_FEED = "demo"
_PREFERRED_STORY = "stolen_session"
_MAX_RANKED = 8
_MINUTE_SECONDS = 60


@dataclass(slots=True)
class _DemoTally:
    """Counts of stored activities."""

    read: int = 0
    new: int = 0

    def watch(self, event: Progress) -> None:
        if isinstance(event, Stored):
            self.read += event.activities
            self.new += event.new


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """The seed of the simulated organization, and the length of its history."""

    seed: int
    history: timedelta


def play(console: Console, folder: Path, world: DemoWorld, *, place: str, then: Callable[[], None]) -> Proof:
    """Run the whole demo; all its threads and servers have ended when it returns or raises.

    Args:
        console: Console to print to.
        folder: Folder of the archive, which does not exist yet.
        world: Seed and history of the simulated organization.
        place: The archive's folder as shown in commands.
        then: Called at the end, while collecting of live activities continues.

    Raises:
        AuditError: The simulated feed could not be collected.
        KeyboardInterrupt: The user ended the demo.
    """
    clock = SystemClock()
    console.print(Text("A simulated organization", style="bold"))
    console.print(f"  building {format_duration(world.history)} of history, seed {world.seed} …")
    settings = VendorSettings(
        world=WorldSettings(seed=world.seed, activities_per_day=ACTIVITIES_PER_DAY), history=world.history
    )
    vendor = open_vendor(settings, clock.now())
    with serve(vendor, clock) as server:
        console.print(f"  serving it at {server.url} as the Compliance API would")
        console.print(Text("\nCollecting", style="bold"))
        first = _DemoTally()
        with _watching(console, first) as watch:
            _collect(folder, server, clock, watch)
        console.print(f"  {first.new:,} activities stored and normalized")
        clock.wait(_LIVE_SECONDS)
        second = _DemoTally()
        _collect(folder, server, clock, second.watch)
        repeated = second.read - second.new
        console.print(
            f"  {_LIVE_SECONDS:.0f} seconds later: {second.new:,} new (our own requests are audited, too), "
            f"{repeated:,} read again and recognized by their id"
        )
        proof = _report(console, _Stage(folder, vendor, clock.now(), place))
        if proof.holds:
            with _collecting(folder, server, clock):
                then()
    return proof


@contextmanager
def _collecting(folder: Path, server: Server, clock: SystemClock) -> Iterator[None]:
    """Collect every few seconds while the context lasts; after a failed round the next one catches up."""
    is_over = threading.Event()

    def rounds() -> None:
        for number in count(1):
            if is_over.wait(_LIVE_SECONDS):
                return
            with suppress(AuditError):
                _collect(folder, server, clock, _DemoTally().watch)
                if number % _ROUNDS_TO_COMPACT == 0:
                    _compact(folder, clock)

    thread = threading.Thread(target=rounds, name="demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _compact(folder: Path, clock: SystemClock) -> None:
    """Merge the small files of many rounds, as `run` does, so that a long demo stays fast."""
    with open_writer(str(folder), clock, _DemoTally().watch) as archive:
        archive.compact()


def _collect(folder: Path, server: Server, clock: SystemClock, watch: Watch) -> None:
    settings = FeedSettings(
        name=_FEED, url=server.url, initial_interval=server.vendor.settings.history + timedelta(hours=1)
    )
    key = server.vendor.keys.named("compliance").secret
    application = Application(Settings(archive=str(folder)), {}, warn=lambda _: None, clock=clock)
    with open_collecting(application, [(settings, key)], watch) as collecting:
        (outcome,) = collecting.once()
    if outcome.error is not None:
        raise outcome.error
    if not outcome.is_covered:
        message = "the simulated feed was not collected to its end"
        raise FatalError(message)


@contextmanager
def _watching(console: Console, tally: _DemoTally) -> Iterator[Watch]:
    """Open a progress display on a terminal, or print a line per step otherwise; yield the watch."""
    if not console.is_terminal:
        yield lambda event: _print_stored(console, tally, event)
        return
    with ProgressDisplay(console) as display:

        def watch(event: Progress) -> None:
            tally.watch(event)
            display.watch(event)

        yield watch


def _print_stored(console: Console, tally: _DemoTally, event: Progress) -> None:
    tally.watch(event)
    if isinstance(event, Stored) and event.new:
        console.print(f"  {tally.new:,} activities …")


@dataclass(frozen=True, slots=True)
class _Stage:
    """The subject of the report: archive, simulated vendor and time."""

    folder: Path
    vendor: Vendor
    now: datetime
    place: str


def _report(console: Console, stage: _Stage) -> Proof:
    reader = open_reader(str(stage.folder))
    covered = Spans.of(walk.window for walk in reader.coverage(_FEED))
    with reader.connect() as connection:
        console.print(titled("Activity over time", chart(per_day(connection))))
        actions = titled("Top actions", ranking(most_frequent(connection, "event.action", _MAX_RANKED)))
        people = titled("Top users", ranking(most_frequent(connection, "user.email", _MAX_RANKED)))
        console.print(side_by_side(actions, people))
        _show_places(console, on_the_map(connection))
        console.print(titled("Outcomes", ranking(most_frequent(connection, "event.outcome", 3))))
        _show_storyline(console, connection, stage)
        proof = _prove(connection, covered, stage)
    console.print(titled("Is it complete?", proof_text(proof)))
    return proof


def _show_places(console: Console, spots: Sequence[Spot]) -> None:
    """Print the locations of events, if a location database is installed."""
    if not spots:
        hint = "no location database is installed: pip install 'anthropic-audit[geo]'"
        console.print(titled("Locations", Text(hint)))
        return
    countries: Counter[str] = Counter()
    for spot in spots:
        countries[spot.country] += spot.events
    console.print(titled("Locations", world_map(spots)))
    console.print(Padding(ranking(countries.most_common(_MAX_RANKED)), (1, 0, 0, 2), expand=False))


def _show_storyline(console: Console, connection: duckdb.DuckDBPyConnection, stage: _Stage) -> None:
    """Print the latest incident of the simulated organization, and find it with the command `search`."""
    last_minute = int(stage.now.timestamp()) // _MINUTE_SECONDS
    found = stage.vendor.world.storylines(stage.vendor.extent.first_minute, last_minute)
    if not found:
        return
    story = next((one for one in reversed(found) if one.name == _PREFERRED_STORY), found[-1])
    command = f"anthropic-audit search --archive {shlex.quote(stage.place)} --oldest-first {story.search}"
    hits = list(run(connection, _search_request(story.search, stage.now), stage.now))
    console.print(titled("An incident", Text(f"{story.title}: {story.sentence}")))
    console.print(Text(f"\n  $ {command}", style="cyan"), soft_wrap=True)
    console.print(Padding(hits_text(hits, console.width - 2), (1, 0, 0, 2), expand=False))


def _search_request(arguments: str, now: datetime) -> SearchRequest:
    """Parse the arguments of `search` that the simulator gives for an incident."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("text", nargs="*")
    parser.add_argument("-f", "--filter", action="append", default=[])
    parser.add_argument("--from", dest="since")
    parser.add_argument("--to", dest="until")
    read = parser.parse_args(shlex.split(arguments))
    start, end = read_span(read.since, read.until, now)
    conditions = tuple(parse_condition(one) for one in read.filter)
    return SearchRequest(start, end, conditions, tuple(read.text), oldest_first=True)


_STORED_IN = """
SELECT id, count(*), bool_and(sha256(raw) = lower(hex(sha256)))
FROM activities WHERE created_at >= ? AND created_at < ? GROUP BY id
"""


def _prove(connection: duckdb.DuckDBPyConnection, covered: Spans, stage: _Stage) -> Proof:
    """Compare the archive with the ground truth over all covered time."""
    start, end = covered.windows[0].start, covered.windows[-1].end
    truth = {seen.id for seen in stage.vendor.truth(start, end, stage.now)}
    rows = connection.execute(_STORED_IN, [start, end]).fetchall()
    stored = {stored_id for stored_id, _, _ in rows}
    return Proof(
        start=start,
        end=end,
        holes=len(covered.holes.windows),
        truth=len(truth),
        stored=len(stored),
        missing=len(truth - stored),
        unknown=len(stored - truth),
        repeated=sum(times - 1 for _, times, _ in rows),
        wrong_hashes=sum(not is_right for _, _, is_right in rows),
    )
