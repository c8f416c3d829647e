"""One feed, by one cheap request: does it answer, is the key accepted, what is left of the budget, are clocks right?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from anthropic_audit.clock_difference import CURE, clock_difference, difference_in_words, effect_in_words
from anthropic_audit.errors import FeedRefusedError
from anthropic_audit.model import Page, Query, Window
from anthropic_audit.ports import Clock, Feed
from anthropic_audit.settings import FeedSettings
from anthropic_audit.times import format_time

from .findings import CheckResult, State

_SPAN = timedelta(minutes=5)
_LARGE_SKEW = timedelta(seconds=60)
_LOW_SHARE = 0.1


def feed_findings(settings: FeedSettings, feed: Feed, clock: Clock) -> Iterator[CheckResult]:
    """Ask for one activity, and say what the answer tells.

    Raises:
        FatalError, TransientError: There was no answer, or a refusal; the error says what to do.
    """
    what = f"feed {settings.name}"
    asked_at = clock.now()
    page, knows_order = _first_page(feed, Query(Window(asked_at - _SPAN, asked_at), settings.filters, limit=1))
    yield CheckResult(f"{what}: key", State.FINE, "the API accepts it, and its scope")
    if not knows_order:
        found = "the server does not know `order`, as in May 2026: windows are walked newest first, without cuts"
        yield CheckResult(f"{what}: API", State.WARNING, found, "nothing: it works, and a crash repeats more")
    yield _clock_finding(what, page)
    yield _budget_finding(what, page)


def _first_page(feed: Feed, query: Query) -> tuple[Page, bool]:
    """Ask with `order`, and without it if the server refuses that; say whether it knows the parameter."""
    try:
        return feed.read_page(query), True
    except FeedRefusedError as refusal:
        try:
            return feed.read_page(replace(query, order=None)), False
        except FeedRefusedError:
            raise refusal from None


def _clock_finding(what: str, page: Page) -> CheckResult:
    """Compare our clock with the server's, as its answer shows it."""
    if page.server_time is None:
        return CheckResult(f"{what}: clock", State.WARNING, "the server tells no time, so clocks can't be compared", "")
    difference = clock_difference(page.server_time, page.received_at, timedelta(seconds=page.seconds))
    if not difference:
        return CheckResult(f"{what}: clock", State.FINE, difference_in_words(difference))
    ours, theirs = (format_time(one.replace(microsecond=0)) for one in (page.received_at, page.server_time))
    found = (
        f"{difference_in_words(difference)} (ours shows {ours}, the server's {theirs}); {effect_in_words(difference)}"
    )
    state = State.WARNING if abs(difference) < _LARGE_SKEW else State.WRONG
    return CheckResult(f"{what}: clock", state, found, CURE)


def _budget_finding(what: str, page: Page) -> CheckResult:
    if page.requests_limit is None or page.requests_remaining is None:
        return CheckResult(f"{what}: budget", State.WARNING, "the server does not tell of a request budget", "")
    found = f"{page.requests_remaining:,} of {page.requests_limit:,} requests are left this minute"
    if page.requests_remaining < page.requests_limit * _LOW_SHARE:
        cure = "`anthropic-audit status` shows who else sends requests; see `budget_reserve`"
        return CheckResult(f"{what}: budget", State.WARNING, found, cure)
    return CheckResult(f"{what}: budget", State.FINE, found)
