"""The whole tree."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from .console import ConsoleSettings
from .feeds import FeedSettings
from .operation import EnrichmentSettings, RetentionSettings, ServiceSettings
from .processors import ProcessorSettings
from .section import Section
from .sinks import NdjsonSink, SinkSettings

MAX_FEEDS: Final = 1_000
"""Most feeds: each has a thread and a connection."""

MAX_SINKS: Final = 100
"""Most sinks: each has a thread, and connections of its own."""

MAX_PROCESSORS: Final = 1_000
"""Most processors: each is asked of each event."""


class Settings(Section):
    """The whole tree."""

    archive: str = Field("./archive", description="Folder (or `file://` URL) of the archive")
    feeds: tuple[FeedSettings, ...] = Field((), max_length=MAX_FEEDS, description="The feeds to collect")
    enrichment: EnrichmentSettings = Field(EnrichmentSettings(), description="What events say beyond their activities")
    service: ServiceSettings = Field(ServiceSettings(), description="The service, `anthropic-audit run`")
    console: ConsoleSettings = Field(ConsoleSettings(), description="The web console, `anthropic-audit console`")
    retention: RetentionSettings = Field(RetentionSettings(), description="How long the archive keeps what it has")
    processors: tuple[Annotated[ProcessorSettings, Field(discriminator="do")], ...] = Field(
        (), max_length=MAX_PROCESSORS, description="What is done to events before they leave the archive, in this order"
    )

    sinks: tuple[Annotated[SinkSettings, Field(discriminator="to")], ...] = Field(
        (), max_length=MAX_SINKS, description="Where events are delivered to"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, sections in (("feeds", self.feeds), ("sinks", self.sinks)):
            names = Counter(one.name for one in sections)
            twice = sorted(name for name, times in names.items() if times > 1)
            if twice:
                message = f"two {kind} have the same name: {', '.join(twice)}"
                raise ValueError(message)
        folders = [one.folder for one in self.sinks if isinstance(one, NdjsonSink) and one.folder != "-"]
        shared = sorted({folder for folder in folders if folders.count(folder) > 1})
        if shared:
            message = f"two sinks write into the same folder: {', '.join(shared)}"
            raise ValueError(message)
        too_far = [feed.name for feed in self.feeds if feed.backfill > self.retention.keep > timedelta(0)]
        if too_far:
            message = f"backfill reaches further back than retention.keep, which would remove it: {', '.join(too_far)}"
            raise ValueError(message)
        return self
