"""A simulator behind a socket, from which the command line collects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anthropic_audit.archive import open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.simulator import Server, VendorSettings, open_vendor, serve
from anthropic_audit.simulator.world import WorldSettings


@contextmanager
def serving(per_day: float = 1500.0) -> Iterator[Server]:
    """Run a simulator with a day of history that ends five minutes ago."""
    clock = SystemClock()
    settings = VendorSettings(
        world=WorldSettings(activities_per_day=per_day),
        history=timedelta(days=1),
        until=clock.now() - timedelta(minutes=5),
    )
    with serve(open_vendor(settings, clock.now()), clock) as server:
        yield server


def key(server: Server, name: str = "compliance") -> str:
    """Return the secret of a simulator's key."""
    return server.vendor.keys.named(name).secret.reveal()


def ids(archive: Path) -> list[str]:
    """Return the ids of an archive's activities, sorted."""
    with open_reader(str(archive)).connect() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM activities ORDER BY id").fetchall()]


def truth(server: Server) -> list[str]:
    """Return the ids of the simulator's ground truth, sorted."""
    seen = server.vendor.truth(datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC), datetime.now(UTC))
    return sorted(one.id for one in seen)
