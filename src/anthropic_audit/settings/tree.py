"""The root of the settings tree."""

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
"""Maximum number of feeds: each has a thread and a connection."""

MAX_SINKS: Final = 100
"""Maximum number of sinks: each has a thread and its own connections."""

MAX_PROCESSORS: Final = 1_000
"""Maximum number of processors: each is applied to each event."""


class Settings(Section):
    """The root of the settings tree."""

    archive: str = Field("./archive", description="Folder (or `file://` URL) of the archive")
    feeds: tuple[FeedSettings, ...] = Field((), max_length=MAX_FEEDS, description="The feeds to collect")
    enrichment: EnrichmentSettings = Field(EnrichmentSettings(), description="Facts added to events")
    service: ServiceSettings = Field(ServiceSettings(), description="The service, `anthropic-audit run`")
    console: ConsoleSettings = Field(ConsoleSettings(), description="The web console, `anthropic-audit console`")
    retention: RetentionSettings = Field(
        RetentionSettings(), description="How long the archive keeps activities and events"
    )
    processors: tuple[Annotated[ProcessorSettings, Field(discriminator="do")], ...] = Field(
        (),
        max_length=MAX_PROCESSORS,
        description="Steps that change or drop events before they leave the archive, in this order",
    )

    sinks: tuple[Annotated[SinkSettings, Field(discriminator="to")], ...] = Field(
        (), max_length=MAX_SINKS, description="The targets that events are delivered to"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, sections in (("feeds", self.feeds), ("sinks", self.sinks)):
            names = Counter(one.name for one in sections)
            duplicates = sorted(name for name, times in names.items() if times > 1)
            if duplicates:
                message = f"several {kind} have the same name: {', '.join(duplicates)}"
                raise ValueError(message)
        folders = [one.folder for one in self.sinks if isinstance(one, NdjsonSink) and one.folder != "-"]
        shared = sorted({folder for folder in folders if folders.count(folder) > 1})
        if shared:
            message = f"several sinks write into the same folder: {', '.join(shared)}"
            raise ValueError(message)
        too_far = [feed.name for feed in self.feeds if feed.backfill > self.retention.keep > timedelta(0)]
        if too_far:
            message = (
                f"backfill must not exceed retention.keep, which would remove the history again: {', '.join(too_far)}"
            )
            raise ValueError(message)
        return self
