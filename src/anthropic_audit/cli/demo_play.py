"""The demo's acts: build a world, collect it, look at it, prove it."""

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
from anthropic_audit.search import SearchRequest, Spot, most_frequent, on_the_map, parse_condition, per_day, run
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
_FAVOURITE = "stolen_session"
_TOP = 8
_MINUTE_SECONDS = 60


@dataclass(slots=True)
class _DemoTally:
    """What was stored so far."""

    read: int = 0
    new: int = 0

    def watch(self, event: Progress) -> None:
        if isinstance(event, Stored):
            self.read += event.activities
            self.new += event.new


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """Which world is shown, and how much of it."""

    seed: int
    history: timedelta


def play(console: Console, folder: Path, world: DemoWorld, *, place: str, then: Callable[[], None]) -> Proof:
    """Run the whole demo; everything it starts has ended when it returns or raises.

    Args:
        console: Where it is told.
        folder: Where the archive goes; it has none yet.
        world: What is shown.
        place: How the archive is called in the commands that are shown.
        then: What is done at the end, while the simulated organization goes on and is collected.

    Raises:
        AuditError: The simulated feed could not be collected.
        KeyboardInterrupt: The operator had enough.
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
        with _shown(console, first) as watch:
            _collect(folder, server, clock, watch)
        console.print(f"  {first.new:,} activities stored, and an event made of each")
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
    """Collect every few seconds, beside whatever goes on inside; a round that fails is made up for by the next one."""
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
    """Merge the small files of many rounds, as `run` does, so that a demo that is left open stays fast."""
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
def _shown(console: Console, tally: _DemoTally) -> Iterator[Watch]:
    """Show progress in place on a terminal, and line by line elsewhere."""
    if not console.is_terminal:
        yield lambda event: _tell(console, tally, event)
        return
    with ProgressDisplay(console) as display:

        def watch(event: Progress) -> None:
            tally.watch(event)
            display.watch(event)

        yield watch


def _tell(console: Console, tally: _DemoTally, event: Progress) -> None:
    tally.watch(event)
    if isinstance(event, Stored) and event.new:
        console.print(f"  {tally.new:,} activities …")


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the report looks at."""

    folder: Path
    vendor: Vendor
    now: datetime
    place: str


def _report(console: Console, stage: _Stage) -> Proof:
    reader = open_reader(str(stage.folder))
    covered = Spans.of(walk.window for walk in reader.coverage(_FEED))
    with reader.connect() as connection:
        console.print(titled("Activity over time", chart(per_day(connection))))
        actions = titled("Top actions", ranking(most_frequent(connection, "event.action", _TOP)))
        people = titled("Top users", ranking(most_frequent(connection, "user.email", _TOP)))
        console.print(side_by_side(actions, people))
        _show_places(console, on_the_map(connection))
        console.print(titled("How it went", ranking(most_frequent(connection, "event.outcome", 3))))
        _show_storyline(console, connection, stage)
        proof = _prove(connection, covered, stage)
    console.print(titled("Is it complete?", proof_text(proof)))
    return proof


def _show_places(console: Console, spots: Sequence[Spot]) -> None:
    """Draw where events come from, if a location database is there."""
    if not spots:
        hint = "no location database is installed: pip install 'anthropic-audit[geo]'"
        console.print(titled("Where from", Text(hint)))
        return
    countries: Counter[str] = Counter()
    for spot in spots:
        countries[spot.country] += spot.events
    console.print(titled("Where from", world_map(spots)))
    console.print(Padding(ranking(countries.most_common(_TOP)), (1, 0, 0, 2), expand=False))


def _show_storyline(console: Console, connection: duckdb.DuckDBPyConnection, stage: _Stage) -> None:
    """Tell the latest incident of the world, and find it as anybody would."""
    last_minute = int(stage.now.timestamp()) // _MINUTE_SECONDS
    found = stage.vendor.world.storylines(stage.vendor.extent.first_minute, last_minute)
    if not found:
        return
    story = next((one for one in reversed(found) if one.name == _FAVOURITE), found[-1])
    command = f"anthropic-audit search --archive {shlex.quote(stage.place)} --oldest-first {story.search}"
    hits = list(run(connection, _question(story.search, stage.now), stage.now))
    console.print(titled("Something to find", Text(f"{story.title}: {story.sentence}")))
    console.print(Text(f"\n  $ {command}", style="cyan"), soft_wrap=True)
    console.print(Padding(hits_text(hits, console.width - 2), (1, 0, 0, 2), expand=False))


def _question(arguments: str, now: datetime) -> SearchRequest:
    """Read the arguments of `search` that the simulator names for an incident."""
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
    """Compare the archive with the ground truth, in the whole time that it claims to have covered."""
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
