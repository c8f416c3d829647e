"""Build what collects feeds into the archive, and normalizes what it stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from anthropic_audit.archive import ArchiveWriter, open_writer
from anthropic_audit.errors import SetupError
from anthropic_audit.progress import Watch
from anthropic_audit.redact import Secret
from anthropic_audit.service import Collector, FeedOutcome, FeedRun, RequestLog, open_feeds
from anthropic_audit.settings import KEY_VARIABLES, FeedSettings, Settings

from . import Application
from .normalizing import normalize_rules, open_normalizer
from .process import settle_in

FeedWithKey = tuple[FeedSettings, Secret]


@dataclass(frozen=True, slots=True)
class Collecting:
    """An archive that is open for writing, and feeds that are ready to be collected into it."""

    archive: ArchiveWriter
    feeds: Sequence[FeedRun]
    requests: RequestLog
    collector: Collector

    def once(self) -> list[FeedOutcome]:
        """Collect every feed up to now, and return how each ended.

        Raises:
            InterruptedRunError: The operator stopped it.
        """
        return self.collector.once(self.feeds)

    def follow(self) -> None:
        """Collect every feed at its interval, until the operator stops it.

        Raises:
            InterruptedRunError: The operator stopped it.
        """
        self.collector.follow(self.feeds)


@contextmanager
def open_collecting(
    application: Application,
    feeds: Sequence[FeedWithKey],
    watch: Watch,
    *,
    first_give_up_after: timedelta = timedelta.max,
    budget_reserve: float = 0.0,
) -> Iterator[Collecting]:
    """Open the archive for writing, and connections for the feeds.

    Args:
        application: Settings and surroundings.
        feeds: Feeds with their keys; the other feeds of the settings are not collected.
        watch: Gets the progress.
        first_give_up_after: How long a host is tried that has never answered.
        budget_reserve: Share of each request budget that is left to other clients, from 0 to 1.

    Raises:
        ArchiveError: The archive can't be opened, or is damaged.
        ArchiveBusyError: Another process writes it.
    """
    settings, clock = application.settings, application.clock
    settle_in()
    with ExitStack() as stack:
        requests = RequestLog(watch, clock)
        runs = open_feeds(feeds, clock, requests.watch, reserve=budget_reserve, first_give_up_after=first_give_up_after)
        for one in runs:
            stack.callback(one.close)
        archive = stack.enter_context(open_writer(settings.archive, clock, watch))
        collector = Collector(
            archive,
            clock,
            normalizer=open_normalizer(application),
            rules=normalize_rules(settings.feeds),
            watch=watch,
            requests=requests,
        )
        yield Collecting(archive, runs, requests, collector)


def chosen_feeds(settings: Settings, names: Sequence[str]) -> list[FeedSettings]:
    """Return the feeds of these names, or all if there are no names.

    Raises:
        SetupError: No feed is configured, or none has one of the names.
    """
    if not settings.feeds:
        message = f"no feed is configured: looked for a settings file and at {' and '.join(KEY_VARIABLES)}"
        raise SetupError(message, hint="put a key into one of these variables, or write a settings file with a feed")
    known = [feed.name for feed in settings.feeds]
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"there is no such feed: {', '.join(unknown)}"
        near = get_close_matches(unknown[0], known, n=1)
        raise SetupError(message, hint=f"did you mean {near[0]}?" if near else f"the feeds are: {', '.join(known)}")
    return [feed for feed in settings.feeds if not names or feed.name in names]
