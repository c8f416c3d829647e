"""One request to the Activity Feed: ask, listen, say what it means."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Self

import httpx2

from anthropic_audit.clock_difference import ClockComparison, clock_difference
from anthropic_audit.errors import FeedContractError, FeedPageTooLargeError, FeedUnreachableError
from anthropic_audit.model import Page, Query
from anthropic_audit.network import Supervisor, supervise
from anthropic_audit.ports import Clock
from anthropic_audit.progress import RequestSent, StillWaiting
from anthropic_audit.redact import Secret
from anthropic_audit.retry_after import http_date
from anthropic_audit.settings import FeedSettings
from anthropic_audit.timestamps import is_plausible

from .budget import Budget, allowance
from .connection import Route, Transport, open_client, translated
from .contract import MAX_AGE_SECONDS
from .decode import decode_body
from .proxy import proxy_of
from .query import PATH, parameters
from .responses import FeedResponse, refusal, request_id_of
from .trace import Exchange, Tracer

MAX_PAGE_BYTES = 64 * 2**20
"""A page with more bytes is not read; its activities are asked for in smaller numbers."""

MAX_ACTIVITY_BYTES = 512 * 2**20
"""An answer with one activity may have this many bytes; a larger one can't be collected."""

_MAX_ERROR_BYTES = 2**20
"""So much of an answer that is no page is read."""
_VERSION = "2023-06-01"
_MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    headers: httpx2.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Timing:
    """When a request was asked and answered by our clock, and how many seconds it took by one that never jumps."""

    asked_at: datetime
    answered_at: datetime
    seconds: float

    @property
    def longest(self) -> float:
        """The seconds that it took by whichever clock says more."""
        return max(self.seconds, (self.answered_at - self.asked_at).total_seconds())


class FeedClient:
    """The real Activity Feed behind a URL and a key.

    Args:
        settings: The feed's own settings.
        key: The key; it leaves its wrapper only in the request's header.
        clock: The time of day.
        budget: The request budget, shared by all feeds of an organization; its watch is told of each answer.
        tracer: Where exchanges are written, or None.
        transport: What carries requests instead of the network, for tests.

    Raises:
        SetupError: A certificate file or the proxy's or the feed's URL can't be used.
    """

    def __init__(
        self,
        settings: FeedSettings,
        key: Secret,
        clock: Clock,
        *,
        budget: Budget,
        tracer: Tracer | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._name = settings.name
        self._url = settings.url.rstrip("/") + PATH
        self._clock = clock
        self._budget = budget
        self._tracer = tracer
        self._key = key
        self._leave = 0.0
        self._clocks = ClockComparison(settings.name)
        self._supervisor = Supervisor(clock.check, self._tell_waiting)
        self._client = supervise(open_client(settings, transport), self._supervisor)
        proxy = proxy_of(settings.url, settings.proxy_url) if transport is None else None
        self._route = Route(self._url, settings.deadline, proxy)

    def leaving(self, share: float) -> Self:
        """Return the same client for requests that can wait: each leaves a share of the budget to others."""
        other = copy(self)
        other._leave = share  # noqa: SLF001 - a copy of ourselves
        return other

    def read_page(self, query: Query) -> Page:
        """Ask one question.

        Raises:
            TransientError: No answer, or one that says to come back later.
            FatalError: An answer that asking again won't change.
        """
        self._budget.take(self._leave)
        asked_at, started = self._clock.now(), time.monotonic()
        try:
            heard = self._ask(query, asked_at)
        except BaseException:
            self._budget.give_up()
            raise
        self._budget.learn(heard.headers)
        timing = _Timing(asked_at, self._clock.now(), time.monotonic() - started)
        self._tell_answer(heard, timing)
        problem = refusal(FeedResponse(heard.status, heard.headers, heard.body, timing.answered_at, self._route.via))
        if problem is not None:
            raise problem
        return _page(heard, timing)

    def close(self) -> None:
        """Close connections and the tracer."""
        self._client.close()
        if self._tracer is not None:
            self._tracer.close()

    def _tell_answer(self, heard: _Heard, timing: _Timing) -> None:
        """Tell of an answer, and of what it shows of the server's clock."""
        shown, now = _clock_shown(heard), timing.answered_at
        difference = None if shown is None else clock_difference(shown, now, timedelta(seconds=timing.longest))
        request_id = request_id_of(heard.headers)
        self._budget.watch(
            RequestSent(
                self._name, request_id, timing.asked_at, heard.status, timing.seconds, clock_difference=difference
            )
        )
        if shown is not None and difference is not None:
            news = self._clocks.take(shown, now, difference)
            if news is not None:
                self._budget.watch(news)

    def _tell_waiting(self, seconds: float) -> None:
        self._budget.watch(StillWaiting(self._name, seconds))

    def _ask(self, query: Query, asked_at: datetime) -> _Heard:
        headers = {"x-api-key": self._key.reveal(), "anthropic-version": _VERSION, "accept": "application/json"}
        headers["cache-control"] = "no-cache"
        request = self._client.build_request("GET", self._url, params=tuple(parameters(query)), headers=headers)
        started = time.monotonic()
        heard: _Heard | None = None
        failure: str | None = None
        try:
            with translated(self._route, asked_at), self._supervisor.request(self._route.deadline.total_seconds()):
                heard = self._listen(request, MAX_ACTIVITY_BYTES if query.limit == 1 else MAX_PAGE_BYTES)
        except (FeedUnreachableError, FeedContractError) as error:
            failure = str(error)
            raise
        finally:
            if self._tracer is not None:
                self._tracer.write(
                    Exchange(
                        asked_at=asked_at,
                        seconds=time.monotonic() - started,
                        url=str(request.url),
                        request_headers=request.headers.multi_items(),
                        status=heard.status if heard else None,
                        response_headers=heard.headers.multi_items() if heard else (),
                        body=heard.body if heard else b"",
                        failure=failure,
                    )
                )
        return heard

    def _listen(self, request: httpx2.Request, max_bytes: int) -> _Heard:
        response = self._client.send(request, stream=True)
        try:
            is_page = response.status_code == HTTPStatus.OK
            _check_size(_announced(response.headers) if is_page else 0, max_bytes)
            body = BytesIO()
            for part in response.iter_bytes():
                body.write(part)
                if not is_page and body.tell() > _MAX_ERROR_BYTES:
                    break
                _check_size(body.tell(), max_bytes)
            return _Heard(response.status_code, response.headers, body.getvalue())
        finally:
            response.close()


def _page(heard: _Heard, timing: _Timing) -> Page:
    body = decode_body(heard.body)
    left = allowance(heard.headers)
    return Page(
        activities=body.activities,
        has_more=body.has_more,
        first_id=body.first_id,
        last_id=body.last_id,
        request_id=request_id_of(heard.headers),
        received_at=timing.answered_at,
        server_time=_server_time(heard.headers.get("date")),
        age_seconds=_age_seconds(heard.headers.get("age")),
        seconds=timing.longest,
        problem=body.problem,
        requests_limit=left.limit if left else None,
        requests_remaining=left.remaining if left else None,
    )


def _announced(headers: httpx2.Headers) -> int:
    """Return how many bytes an answer says that it has; 0 when it does not say."""
    said = headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) <= _MAX_DIGITS else 0


def _check_size(nbytes: int, max_bytes: int) -> None:
    if nbytes > max_bytes:
        message = f"the answer is larger than {max_bytes} bytes"
        raise FeedPageTooLargeError(message, hint="fewer activities are asked for at once")


def _server_time(date: str | None) -> datetime | None:
    """Return the server's clock, or None when it shows nothing that can be believed."""
    read = http_date(date)
    return read if read is not None and is_plausible(read) else None


def _clock_shown(heard: _Heard) -> datetime | None:
    """Return what the server's clock shows now, or None where nothing tells it.

    Errors may come from something on the way. The time of an answer from a cache is that of its making, plus its age;
    one that is older than a page may be tells nothing.
    """
    age = _age_seconds(heard.headers.get("age"))
    if heard.status != HTTPStatus.OK or age > MAX_AGE_SECONDS:
        return None
    shown = _server_time(heard.headers.get("date"))
    return None if shown is None else shown + timedelta(seconds=age)


def _age_seconds(age: str | None) -> float:
    """Return how long an answer lay in a cache, as the cache tells it (RFC 9111, section 5.1)."""
    return float(age) if age is not None and age.strip().isdecimal() and len(age) <= _MAX_DIGITS else 0.0
