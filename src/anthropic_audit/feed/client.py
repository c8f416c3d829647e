"""Client for single requests to the Activity Feed: send a query, read the response, return a page or raise an error."""

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
"""Upper bound on the bytes of a page; a larger page is not read, and requested again with a smaller `limit`."""

MAX_ACTIVITY_BYTES = 512 * 2**20
"""Upper bound on the bytes of a response with `limit=1`; a larger activity can't be collected."""

_MAX_ERROR_BYTES = 2**20
"""Upper bound on the bytes that are read of an error response."""
_VERSION = "2023-06-01"
_MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class _Received:
    status: int
    headers: httpx2.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Timing:
    """When a request was sent and answered by our clock, and its duration by the monotonic clock, in seconds."""

    asked_at: datetime
    answered_at: datetime
    seconds: float

    @property
    def longest(self) -> float:
        """The longer of both clocks' durations, in seconds."""
        return max(self.seconds, (self.answered_at - self.asked_at).total_seconds())


class FeedClient:
    """The Activity Feed at a URL, read with a key.

    Args:
        settings: The feed's own settings.
        key: The API key; it is revealed only in the request's header.
        clock: The time of day.
        budget: The request budget, shared by all feeds of an organization; its watch receives an event per response.
        tracer: Writes each exchange to files; None for no trace.
        transport: Carries requests instead of the network, for tests.

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
        self._supervisor = Supervisor(clock.check, self._report_waiting)
        self._client = supervise(open_client(settings, transport), self._supervisor)
        proxy = proxy_of(settings.url, settings.proxy_url) if transport is None else None
        self._route = Route(self._url, settings.deadline, proxy)

    def leaving(self, share: float) -> Self:
        """Return a copy of this client for less urgent requests: each leaves a share (0 to 1) of the budget unspent."""
        other = copy(self)
        other._leave = share  # noqa: SLF001 - a copy of ourselves
        return other

    def read_page(self, query: Query) -> Page:
        """Send one query, and return the page in the response.

        Raises:
            TransientError: No response came, or one that asks to try again later.
            FatalError: The response is an error that a retry won't change.
            InterruptedRunError: The operator asked to stop.
        """
        self._budget.take(self._leave)
        asked_at, started = self._clock.now(), time.monotonic()
        try:
            received = self._send(query, asked_at)
        except BaseException:
            self._budget.give_up()
            raise
        self._budget.learn(received.headers)
        timing = _Timing(asked_at, self._clock.now(), time.monotonic() - started)
        self._report_answer(received, timing)
        problem = refusal(
            FeedResponse(received.status, received.headers, received.body, timing.answered_at, self._route.via)
        )
        if problem is not None:
            raise problem
        return _page(received, timing)

    def close(self) -> None:
        """Close connections and the tracer."""
        self._client.close()
        if self._tracer is not None:
            self._tracer.close()

    def _report_answer(self, received: _Received, timing: _Timing) -> None:
        """Report a response to the watch, and how the server's clock in it differs from ours."""
        shown, now = _clock_shown(received), timing.answered_at
        difference = None if shown is None else clock_difference(shown, now, timedelta(seconds=timing.longest))
        request_id = request_id_of(received.headers)
        self._budget.watch(
            RequestSent(
                self._name, request_id, timing.asked_at, received.status, timing.seconds, clock_difference=difference
            )
        )
        if shown is not None and difference is not None:
            news = self._clocks.take(shown, now, difference)
            if news is not None:
                self._budget.watch(news)

    def _report_waiting(self, seconds: float) -> None:
        self._budget.watch(StillWaiting(self._name, seconds))

    def _send(self, query: Query, asked_at: datetime) -> _Received:
        headers = {"x-api-key": self._key.reveal(), "anthropic-version": _VERSION, "accept": "application/json"}
        headers["cache-control"] = "no-cache"
        request = self._client.build_request("GET", self._url, params=tuple(parameters(query)), headers=headers)
        started = time.monotonic()
        received: _Received | None = None
        failure: str | None = None
        try:
            with translated(self._route, asked_at), self._supervisor.request(self._route.deadline.total_seconds()):
                received = self._receive(request, MAX_ACTIVITY_BYTES if query.limit == 1 else MAX_PAGE_BYTES)
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
                        status=received.status if received else None,
                        response_headers=received.headers.multi_items() if received else (),
                        body=received.body if received else b"",
                        failure=failure,
                    )
                )
        return received

    def _receive(self, request: httpx2.Request, max_bytes: int) -> _Received:
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
            return _Received(response.status_code, response.headers, body.getvalue())
        finally:
            response.close()


def _page(received: _Received, timing: _Timing) -> Page:
    body = decode_body(received.body)
    left = allowance(received.headers)
    return Page(
        activities=body.activities,
        has_more=body.has_more,
        first_id=body.first_id,
        last_id=body.last_id,
        request_id=request_id_of(received.headers),
        received_at=timing.answered_at,
        server_time=_server_time(received.headers.get("date")),
        age_seconds=_age_seconds(received.headers.get("age")),
        seconds=timing.longest,
        problem=body.problem,
        requests_limit=left.limit if left else None,
        requests_remaining=left.remaining if left else None,
    )


def _announced(headers: httpx2.Headers) -> int:
    """Return the `content-length` of a response in bytes; 0 when it has none that can be read."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _MAX_DIGITS else 0


def _check_size(nbytes: int, max_bytes: int) -> None:
    if nbytes > max_bytes:
        message = f"the answer is larger than {max_bytes} bytes"
        raise FeedPageTooLargeError(message, hint="the next request asks for fewer activities")


def _server_time(date: str | None) -> datetime | None:
    """Return the time in a `Date` header, or None when there is none, or an implausible one."""
    read = http_date(date)
    return read if read is not None and is_plausible(read) else None


def _clock_shown(received: _Received) -> datetime | None:
    """Return the server's present time, or None when a response does not show it.

    Error responses don't count: a proxy may have sent them. The `Date` of a response from a cache is the time when the
    response was made, so its `Age` is added; a response older than `MAX_AGE_SECONDS` does not count either.
    """
    age = _age_seconds(received.headers.get("age"))
    if received.status != HTTPStatus.OK or age > MAX_AGE_SECONDS:
        return None
    shown = _server_time(received.headers.get("date"))
    return None if shown is None else shown + timedelta(seconds=age)


def _age_seconds(age: str | None) -> float:
    """Return the seconds that a response was in a cache, from its `Age` header (RFC 9111, section 5.1)."""
    return float(age) if age is not None and age.strip().isdecimal() and len(age) <= _MAX_DIGITS else 0.0
