"""A simulated vendor, a clock, and an archive that is compared with the ground truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from anthropic_audit.archive import ArchiveWriter, open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.follow import NormalizeRules
from anthropic_audit.model import Filters
from anthropic_audit.progress import Progress
from anthropic_audit.service import Collector, FeedOutcome, FeedRun, RequestLog, open_feeds
from anthropic_audit.settings import FeedSettings
from anthropic_audit.simulator import Vendor, VendorSettings, open_vendor
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.testing import FakeClock, simulated_transport

NOW = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
DAYS = 3


class House:
    """A simulated vendor, a clock, and collectors on one archive."""

    def __init__(self, folder: Path, settings: VendorSettings) -> None:
        self.folder = folder
        self.clock = FakeClock(NOW)
        self.vendor: Vendor = open_vendor(settings, NOW)
        self.told: list[Progress] = []
        self.requests = RequestLog(self.told.append, self.clock)

    def copied_to(self, folder: Path) -> House:
        """Return a house with the same vendor, a copy of the archive, and a new clock."""
        shutil.copytree(self.folder, folder)
        house = object.__new__(House)
        house.__dict__ = {**self.__dict__, "folder": folder, "clock": FakeClock(self.clock.now())}
        return house

    def feed(self, name: str = "acme", key: str = "compliance", **settings: object) -> FeedRun:
        values = {"name": name, "initial_interval": f"{DAYS + 1}d", "batch_size": 500, **settings}
        secret = self.vendor.keys.named(key).secret
        transport = simulated_transport(self.vendor, self.clock)
        (run,) = open_feeds([(FeedSettings.model_validate(values), secret)], self.clock, self.requests.watch, transport)
        return run

    def collect(self, *runs: FeedRun) -> list[FeedOutcome]:
        with self.collector() as collector:
            return collector.once(runs)

    @contextmanager
    def collector(self) -> Iterator[Collector]:
        with open_writer(str(self.folder), self.clock, self.told.append) as archive:
            yield self._collector(archive)

    def _collector(self, archive: ArchiveWriter) -> Collector:
        rules = NormalizeRules({"acme": Options(tags=("ours",))})
        return Collector(
            archive,
            self.clock,
            normalizer=Normalizer(load()),
            rules=rules,
            watch=self.told.append,
            requests=self.requests,
        )

    def missing(self, feed: str = "acme", *, until: datetime | None = None) -> dict[str, int]:
        """Return the differences between archive and ground truth by kind, in covered time (before `until`)."""
        with open_writer(str(self.folder), self.clock) as archive:
            covered = archive.covered(feed, Filters())
        assert covered.start is not None
        assert covered.end is not None
        truth = {
            one.id: sha256(one.raw).digest()
            for one in self.vendor.truth(covered.start, until or covered.end, self.clock.now())
        }
        with open_reader(str(self.folder)).connect() as connection:
            rows = connection.sql("SELECT id, raw, sha256 FROM activities").fetchall()
            events = connection.sql("SELECT count(DISTINCT id), count(*) FROM events").fetchall()
        stored = {identity: sha256(raw).digest() for identity, raw, _ in rows}
        return {
            "missing": len(truth.keys() - stored.keys()),
            "doubled": len(rows) - len(stored),
            "altered": sum(stored.get(identity, digest) != digest for identity, digest in truth.items()),
            "wrong digests": sum(stored[identity] != digest for identity, _, digest in rows),
            "without an event": len(rows) - events[0][0],
            "with two events": events[0][1] - events[0][0],
        }


NOTHING_WRONG = {
    "missing": 0,
    "doubled": 0,
    "altered": 0,
    "wrong digests": 0,
    "without an event": 0,
    "with two events": 0,
}


def settings(**changes: object) -> VendorSettings:
    world = WorldSettings(seed=5, activities_per_day=1500, people=30)
    return replace(VendorSettings(world=world, history=timedelta(days=DAYS)), **changes)  # type: ignore[arg-type] # by name
