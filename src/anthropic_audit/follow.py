"""The follower that normalizes: from stored activities to events, at its own pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import groupby
from operator import itemgetter

import pyarrow as pa
import pyarrow.compute as pc

from .archive import ArchiveWriter, Events
from .ecs import MAX_ACTIVITY_BYTES, Normalizer, Options
from .model import Window
from .progress import Normalized, Watch
from .times import EPOCH, format_time

_BATCH = 10_000
_BATCH_BYTES = 16 * 2**20
"""How many bytes of activities are normalized at once; one activity may have more."""
_DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class NormalizeRules:
    """What each feed's events carry; feeds that are no longer configured get the defaults."""

    feeds: Mapping[str, Options] = field(default_factory=dict)

    def of(self, feed: str) -> Options:
        """Return one feed's options."""
        return self.feeds.get(feed, _DEFAULT)


def _never() -> None:
    pass


def normalize_pending(
    archive: ArchiveWriter,
    normalizer: Normalizer,
    rules: NormalizeRules,
    watch: Watch,
    *,
    check: Callable[[], None] = _never,
) -> int:
    """Derive the events of all activities that have none yet, batch by batch, and return how many.

    A crash repeats the batch it hit: events and the position are committed together. `check` is called between two
    batches, and ends the work by raising.
    """
    done = 0
    while (first := archive.normalized_seq + 1) <= archive.last_seq:
        last, nbytes = archive.part_from(first, min(first + _BATCH - 1, archive.last_seq), _BATCH_BYTES)
        is_large = last == first and nbytes > MAX_ACTIVITY_BYTES
        activities = archive.activities_between(first, last, has_raw=not is_large)
        archive.append_events(_normalized(activities, normalizer, rules), last)
        done += activities.num_rows
        watch(Normalized(activities.num_rows, last))
        if last < archive.last_seq:
            check()
    return done


def renormalize(
    archive: ArchiveWriter, normalizer: Normalizer, rules: NormalizeRules, window: Window, *, watch: Watch
) -> int:
    """Derive the events of a window of time again, with what is known now, and return how many those were.

    A crash leaves each stretch of events as it was or as it is to be; doing it again does no harm.
    """
    done = 0

    def derive(activities: pa.Table) -> Events:
        return _normalized(activities, normalizer, rules)

    for chunk in archive.event_chunks(window.start, window.end):
        replaced = archive.replace_events(chunk, derive)
        done += replaced
        watch(Normalized(replaced, chunk.last))
    return done


def deriver(normalizer: Normalizer, rules: NormalizeRules) -> Callable[[pa.Table], Events]:
    """Return what makes events of rows of `activities`."""
    return lambda activities: _normalized(activities, normalizer, rules)


def _normalized(activities: pa.Table, normalizer: Normalizer, rules: NormalizeRules) -> Events:
    """Normalize a batch; an activity that names no time gets the one at which it was received."""
    normalizer.refresh()
    way = _one_by_one if _is_odd(activities) else _by_runs
    texts: list[bytes] = []
    is_known: list[bool] = []
    for text, known in way(activities, normalizer, rules):
        texts.append(text)
        is_known.append(known)
    return Events(activities, texts, is_known, normalizer.catalogue_version)


def _is_odd(activities: pa.Table) -> bool:
    """Say whether a batch has an activity without a time, or one that is too large to be read."""
    raw = activities.column("raw")
    largest = pc.max(pc.binary_length(raw)).as_py() or 0
    is_undated = pc.any(pc.equal(activities.column("created_at"), EPOCH)).as_py()
    return bool(is_undated or raw.null_count or largest > MAX_ACTIVITY_BYTES)


def _by_runs(activities: pa.Table, normalizer: Normalizer, rules: NormalizeRules) -> Iterator[tuple[bytes, bool]]:
    """Yield the events of activities feed by feed, in their order, with each feed's options."""
    feeds, raws = activities.column("feed").to_pylist(), activities.column("raw").to_pylist()
    for feed, run in groupby(zip(feeds, raws, strict=True), key=itemgetter(0)):
        yield from normalizer.events(map(itemgetter(1), run), rules.of(feed))


def _one_by_one(activities: pa.Table, normalizer: Normalizer, rules: NormalizeRules) -> Iterator[tuple[bytes, bool]]:
    """Yield the events of activities of which some have no time of their own, or are too large to be read.

    An activity without a time gets the time at which it was received. The event of a large activity has only what the
    archive's columns hold.
    """
    for row in activities.to_pylist():
        options, is_undated = rules.of(row["feed"]), row["created_at"] == EPOCH
        if is_undated:
            options = replace(options, received_at=row["received_at"].astimezone(UTC))
        if row["raw"] is not None and len(row["raw"]) <= MAX_ACTIVITY_BYTES:
            yield from normalizer.events((row["raw"],), options)
        else:
            head = {name: row[name] for name in ("id", "type", "organization_id")}
            yield normalizer.large_event(
                head | {"created_at": None if is_undated else format_time(row["created_at"])}, options
            )
