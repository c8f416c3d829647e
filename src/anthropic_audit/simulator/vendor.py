"""The simulated vendor: a world on a timeline, with keys, a request budget, faults and an access log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from anthropic_audit.catalogue import load

from .accesses import Access, access_row
from .allowance import Allowance
from .cursors import CursorSeal, Key
from .delivery import IndexingBehavior
from .directory import Directory
from .faults import FaultPlan
from .feed_query import QueryRules
from .growth import GrowingSource
from .http import Response
from .index import IndexSpan
from .keys import KeyRing, demo_keys
from .seeded import letters, stream
from .timeline import MINUTE_US, ActivitySource, Timeline, TimelineExtent, VisibleActivity, microseconds, moment
from .world import PAUSE_MINUTES, Registry, Storyline, World, WorldSettings
from .world import Extent as WorldExtent


class TruthfulWorld(ActivitySource, Protocol):
    """A source of activities that also knows its storylines."""

    def storylines(self, start_minute: int, end_minute: int) -> Sequence[Storyline]:
        """Return the storylines that begin in a span of minutes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSettings:
    """Settings of the vendor's behavior, and of its world.

    With `until`, the world ends at that time: no activity occurs and no access is recorded from then on.
    """

    world: WorldSettings = field(default_factory=WorldSettings)
    history: timedelta = timedelta(days=30)
    until: datetime | None = None
    delivery: IndexingBehavior = field(default_factory=IndexingBehavior)
    faults: Mapping[str, float] = field(default_factory=dict)
    growth_share: float = 0.0
    """The share of rows of undocumented kinds, from `growth_from` on; see `GrowingSource`."""
    growth_from: datetime | None = None
    """None: from the time at which the vendor is opened."""
    has_order: bool = True
    has_exclude: bool = True
    requests_per_minute: int = 600


class Vendor:
    """The state that responses depend on, in addition to the request and the time.

    Args:
        settings: The vendor's behavior.
        world: The source of activities.
        types: The activity types that the server accepts in filters.
        now: The time at which the vendor is opened; history ends here, or at `until`.
        organization: The two ids of the organization that the keys belong to.
        registry: The state of the organization over time; a vendor without one has no directory.
    """

    def __init__(
        self,
        settings: VendorSettings,
        world: TruthfulWorld,
        types: Collection[str],
        now: datetime,
        *,
        organization: tuple[str | None, str | None] = (None, None),
        registry: Registry | None = None,
    ) -> None:
        seed = settings.world.seed
        end = now if settings.until is None else min(now, settings.until)
        first_minute = microseconds(end - settings.history) // MINUTE_US
        self.settings = settings
        self.world = world
        self.seed = seed
        self.extent = TimelineExtent(first_minute, None if settings.until is None else microseconds(settings.until))
        self.source = GrowingSource(world, seed)
        self.timeline = Timeline(self.source, seed, settings.delivery, self.extent)
        self.keys = KeyRing(demo_keys(seed))
        self.allowance = Allowance(settings.requests_per_minute)
        self.faults = FaultPlan(settings.faults, seed)
        self.organization = organization
        self.directory = None if registry is None else Directory(registry, self.history_start)
        self._types = frozenset(types)
        self._seal = CursorSeal(letters(32, "cursors", seed).encode())
        self.page_seal = CursorSeal(letters(32, "pages", seed).encode())
        self._generation = 0
        self._served = 0
        self._pages: dict[str, Response] = {}
        self._lock = threading.Lock()
        if settings.growth_share:
            self.source.grow(microseconds(settings.growth_from or now) // MINUTE_US, settings.growth_share)

    def prepare(self, until: datetime, on_minute: Callable[[int], None] = lambda minute: None) -> None:
        """Generate the activities up to a time, possibly in the future; call `on_minute` with each minute first."""
        self.timeline.grow(microseconds(until), on_minute)

    def rules(self) -> QueryRules:
        """Return the rules by which the server currently reads queries."""
        return QueryRules(
            types=self._types.union(self.source.new_types),
            read_cursor=lambda text: self._seal.read(text, self._generation),
            has_order=self.settings.has_order,
            has_exclude=self.settings.has_exclude,
        )

    def cursor(self, key: Key) -> str:
        """Return the cursor of a position in the feed."""
        return self._seal.issue(key, self._generation)

    def void_cursors(self) -> None:
        """Make all cursors issued so far invalid."""
        with self._lock:
            self._generation += 1

    def new_request_id(self, now: datetime) -> str:
        """Return a new request id; it depends on the time, so that a restarted server repeats no id."""
        with self._lock:
            self._served += 1
            return f"req_{letters(24, 'request', self.seed, microseconds(now), self._served)}"

    @property
    def served(self) -> int:
        """The number of requests answered so far."""
        return self._served

    def record(self, access: Access) -> None:
        """Insert an access into the feed, unless the world has ended."""
        until = self.settings.until
        if until is not None and access.at >= until:
            return
        row = access_row(access, self.seed, self.organization)
        lag_us = self.settings.delivery.lag // timedelta(microseconds=1)
        chance = stream("access", self.seed, access.request_id).random()
        self.timeline.insert(row, row.created_us + int(lag_us * chance**3))

    def keep_page(self, key_name: str, page: Response) -> None:
        """Store the last page that was returned to a key."""
        self._pages[key_name] = page

    def last_page(self, key_name: str) -> Response | None:
        """Return the last page that was returned to a key, or None."""
        return self._pages.get(key_name)

    @property
    def history_start(self) -> datetime:
        """The start of history: no activity is older."""
        return moment(self.extent.first_minute * MINUTE_US)

    def activities(self, now: datetime) -> int:
        """Return the number of activities that are visible at a time."""
        self.prepare(now)
        return self.timeline.count(microseconds(now))

    def truth(self, start: datetime, end: datetime, now: datetime) -> Iterator[VisibleActivity]:
        """Yield every activity that occurred in `[start, end)` and has become visible up to now."""
        self.prepare(now)
        span = IndexSpan((microseconds(start), b""), (microseconds(end), b""))
        return self.timeline.visible_activities(span, microseconds(now))


def open_vendor(
    settings: VendorSettings, now: datetime, on_minute: Callable[[int], None] = lambda minute: None
) -> Vendor:
    """Create the world and its vendor, and generate the history; call `on_minute` with each minute first."""
    catalogue = load()
    world = World(settings.world, catalogue, _extent(settings, now))
    parent = world.organization.units[0]
    vendor = Vendor(
        settings,
        world,
        catalogue.types,
        now,
        organization=(parent.id, parent.uuid),
        registry=Registry(world),
    )
    vendor.prepare(now, on_minute)
    return vendor


def _extent(settings: VendorSettings, now: datetime) -> WorldExtent | None:
    """Return the time in which a fixed number of activities occurs; it ends early enough for all to become visible."""
    if settings.world.activities is None:
        return None
    end = now if settings.until is None else min(now, settings.until)
    first, last = microseconds(end - settings.history) // MINUTE_US, microseconds(end) // MINUTE_US
    return WorldExtent(settings.world.activities, first, max(first + 1, last - PAUSE_MINUTES + 1))
