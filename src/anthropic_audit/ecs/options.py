"""Options of a feed's documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from .timestamps import write_time

ORIGINAL_TAG: Final = "preserve_original_event"
DATASET: Final = "anthropic.audit"
MODULE: Final = "anthropic"
ECS: Final = {"version": "9.3.0"}


@dataclass(frozen=True, slots=True)
class Options:
    """The parts of a feed's documents that do not come from the activity; constant parts are made once and shared."""

    tags: tuple[str, ...] = ("forwarded", "anthropic-audit")
    preserve_original_event: bool = False
    """Store the received text in `event.original`."""
    namespace: str = "default"
    """The value of `data_stream.namespace`."""
    received_at: datetime | None = None
    """The time of receiving: becomes `event.created`, and `@timestamp` if the activity has no time."""
    data_stream: dict[str, Any] = field(init=False, repr=False, compare=False)
    tag_list: list[str] = field(init=False, repr=False, compare=False)
    received: str | None = field(init=False, repr=False, compare=False)
    is_plain: bool = field(init=False, repr=False, compare=False)
    """True when there are tags and no `received_at`, as the fast path requires."""

    def __post_init__(self) -> None:
        tags = list(dict.fromkeys(tag for tag in self.tags if tag))
        if self.preserve_original_event and ORIGINAL_TAG not in tags:
            tags.append(ORIGINAL_TAG)
        parts = {"dataset": DATASET, "namespace": self.namespace, "type": "logs"}
        object.__setattr__(self, "data_stream", {name: part for name, part in parts.items() if part})
        object.__setattr__(self, "tag_list", tags)
        object.__setattr__(self, "is_plain", bool(tags) and self.received_at is None)
        object.__setattr__(self, "received", write_time(self.received_at) if self.received_at else None)
