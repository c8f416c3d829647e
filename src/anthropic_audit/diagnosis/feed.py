"""Probe of a feed by one small request: reachability, key, request budget and clocks."""

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
    """Request one activity, and yield results about the key, the API, the clocks and the request budget.

    Raises:
        FatalError, TransientError: The request failed or was refused; the error says what to do.
    """
    what = f"feed {settings.name}"
    now = clock.now()
    page, knows_order = _first_page(feed, Query(Window(now - _SPAN, now), settings.filters, limit=1))
    yield CheckResult(f"{what}: key", State.FINE, "the API accepts the key and its scope")
    if not knows_order:
        found = "the server does not know `order`, as in May 2026: windows are walked newest first, and not split"
        yield CheckResult(
            f"{what}: API", State.WARNING, found, "nothing to do: collecting works, but repeats more after a crash"
        )
    yield _clock_finding(what, page)
    yield _budget_finding(what, page)


def _first_page(feed: Feed, query: Query) -> tuple[Page, bool]:
    """Request a page with `order`, and without it if the server refuses it; return whether `order` was accepted."""
    try:
        return feed.read_page(query), True
    except FeedRefusedError as refusal:
        try:
            return feed.read_page(replace(query, order=None)), False
        except FeedRefusedError:
            raise refusal from None


def _clock_finding(what: str, page: Page) -> CheckResult:
    """Compare our clock with the time in the server's response."""
    if page.server_time is None:
        return CheckResult(f"{what}: clock", State.WARNING, "the response has no time, so clocks can't be compared", "")
    difference = clock_difference(page.server_time, page.received_at, timedelta(seconds=page.seconds))
    if not difference:
        return CheckResult(f"{what}: clock", State.FINE, difference_in_words(difference))
    ours, theirs = (format_time(one.replace(microsecond=0)) for one in (page.received_at, page.server_time))
    found = f"{difference_in_words(difference)} (ours: {ours}, the server's: {theirs}); {effect_in_words(difference)}"
    state = State.WARNING if abs(difference) < _LARGE_SKEW else State.WRONG
    return CheckResult(f"{what}: clock", state, found, CURE)


def _budget_finding(what: str, page: Page) -> CheckResult:
    if page.requests_limit is None or page.requests_remaining is None:
        return CheckResult(f"{what}: budget", State.WARNING, "the response has no request budget", "")
    found = f"{page.requests_remaining:,} of {page.requests_limit:,} requests are left this minute"
    if page.requests_remaining < page.requests_limit * _LOW_SHARE:
        cure = "`anthropic-audit status` shows which other clients send requests; see `budget_reserve`"
        return CheckResult(f"{what}: budget", State.WARNING, found, cure)
    return CheckResult(f"{what}: budget", State.FINE, found)
