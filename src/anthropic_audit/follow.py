"""The follower that normalizes: from stored activities to events, at its own pace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from .archive import ArchiveWriter, Event
from .normalize import Normalizer, Options, to_json
from .progress import Normalized, Watch
from .times import EPOCH

_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class NormalizeRules:
    """What each feed's events carry; feeds that are no longer configured get the defaults."""

    feeds: Mapping[str, Options] = field(default_factory=dict)

    def of(self, feed: str) -> Options:
        """Return one feed's options."""
        return self.feeds.get(feed, Options())


def normalize_pending(archive: ArchiveWriter, normalizer: Normalizer, rules: NormalizeRules, watch: Watch) -> int:
    """Derive the events of all activities that have none yet, batch by batch, and return how many.

    A crash repeats the batch it hit: events and the position are committed together.
    """
    done = 0
    while (first := archive.normalized_seq + 1) <= archive.last_seq:
        last = min(first + _BATCH - 1, archive.last_seq)
        events = list(_events(archive.activities_between(first, last), normalizer, rules))
        archive.append_events(events, normalizer.catalogue_version, last)
        done += len(events)
        watch(Normalized(len(events), last))
    return done


def _events(activities: pa.Table, normalizer: Normalizer, rules: NormalizeRules) -> Iterator[Event]:
    for row in activities.to_pylist():
        options = rules.of(row["feed"])
        created_at, received_at = _utc(row["created_at"]), _utc(row["received_at"])
        if created_at == EPOCH:
            options = replace(options, received_at=received_at)
        document = normalizer.document(row["raw"], options)
        yield Event(
            seq=row["seq"],
            feed=row["feed"],
            id=row["id"],
            timestamp=received_at if created_at == EPOCH else created_at,
            is_known=_is_known(document),
            document=document,
            text=to_json(document),
        )


def _is_known(document: Mapping[str, Any]) -> bool:
    """Say whether the catalogue knew all of the activity: nothing is flagged but its version."""
    audit = document.get("anthropic", {}).get("audit", {})
    return len(audit.get("catalogue", ())) == 1


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC)
