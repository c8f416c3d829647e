"""The follower that normalizes: from stored activities to events, at its own pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .archive import ArchiveWriter, Events
from .normalize import Normalizer, Options, to_json
from .progress import Normalized, Watch
from .times import EPOCH

_BATCH = 10_000
_DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class NormalizeRules:
    """What each feed's events carry; feeds that are no longer configured get the defaults."""

    feeds: Mapping[str, Options] = field(default_factory=dict)

    def of(self, feed: str) -> Options:
        """Return one feed's options."""
        return self.feeds.get(feed, _DEFAULT)


def normalize_pending(archive: ArchiveWriter, normalizer: Normalizer, rules: NormalizeRules, watch: Watch) -> int:
    """Derive the events of all activities that have none yet, batch by batch, and return how many.

    A crash repeats the batch it hit: events and the position are committed together.
    """
    done = 0
    while (first := archive.normalized_seq + 1) <= archive.last_seq:
        last = min(first + _BATCH - 1, archive.last_seq)
        activities = archive.activities_between(first, last)
        archive.append_events(_normalized(activities, normalizer, rules), last)
        done += activities.num_rows
        watch(Normalized(activities.num_rows, last))
    return done


def _normalized(activities: pa.Table, normalizer: Normalizer, rules: NormalizeRules) -> Events:
    """Normalize a batch; an activity that names no time gets the one at which it was received."""
    undated = pc.equal(activities.column("created_at"), EPOCH).to_pylist()
    received_at = activities.column("received_at")
    texts, is_known = [], []
    for row, (feed, raw) in enumerate(zip(*_lists(activities, "feed", "raw"), strict=True)):
        options = rules.of(feed)
        if undated[row]:
            options = replace(options, received_at=received_at[row].as_py().astimezone(UTC))
        document = normalizer.document(raw, options)
        texts.append(to_json(document))
        is_known.append(_is_known(document))
    return Events(activities, texts, is_known, normalizer.catalogue_version)


def _lists(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table.column(name).to_pylist() for name in names]


def _is_known(document: Mapping[str, Any]) -> bool:
    """Say whether the catalogue knew all of the activity: nothing is flagged but its version."""
    audit = document.get("anthropic", {}).get("audit", {})
    return len(audit.get("catalogue", ())) == 1
