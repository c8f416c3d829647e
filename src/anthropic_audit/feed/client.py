"""One request to the Activity Feed: ask, listen, say what it means. The only module that knows the HTTP library."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Self

import httpx2

from anthropic_audit.errors import FeedContractError, FeedUnreachableError, SetupError
from anthropic_audit.model import Page, Query
from anthropic_audit.network import DeadlineExceededError, Supervisor, supervise
from anthropic_audit.ports import Clock
from anthropic_audit.progress import Asked, StillWaiting
from anthropic_audit.redact import Secret, redact, safe_url
from anthropic_audit.settings import FeedSettings
from anthropic_audit.times import format_duration

from .answers import Answer, refusal
from .budget import Budget, allowance
from .decode import decode_body
from .query import PATH, parameters
from .trace import Exchange, Tracer

Transport = httpx2.BaseTransport
"""What carries requests; another one than the network's is for tests."""

_LARGEST_BODY_BYTES = 512 * 2**20
_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    headers: httpx2.Headers
    body: bytes


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
        self._deadline = settings.deadline
        self._supervisor = Supervisor(clock.check, self._tell_waiting)
        self._client = supervise(_open_client(settings, transport), self._supervisor)

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
        request_id = heard.headers.get("request-id")
        self._budget.watch(Asked(self._name, request_id, asked_at, heard.status, time.monotonic() - started))
        problem = refusal(Answer(heard.status, heard.headers, heard.body))
        if problem is not None:
            raise problem
        body = decode_body(heard.body)
        left = allowance(heard.headers)
        return Page(
            activities=body.activities,
            has_more=body.has_more,
            first_id=body.first_id,
            last_id=body.last_id,
            request_id=request_id,
            received_at=self._clock.now(),
            server_time=_server_time(heard.headers.get("date")),
            requests_limit=left.limit if left else None,
            requests_remaining=left.remaining if left else None,
        )

    def close(self) -> None:
        """Close connections and the tracer."""
        self._client.close()
        if self._tracer is not None:
            self._tracer.close()

    def _tell_waiting(self, seconds: float) -> None:
        self._budget.watch(StillWaiting(self._name, seconds))

    def _ask(self, query: Query, asked_at: datetime) -> _Heard:
        headers = {"x-api-key": self._key.reveal(), "anthropic-version": _VERSION, "accept": "application/json"}
        request = self._client.build_request("GET", self._url, params=tuple(parameters(query)), headers=headers)
        started = time.monotonic()
        heard: _Heard | None = None
        failure: str | None = None
        try:
            with _translated(self._url, self._deadline), self._supervisor.request(self._deadline.total_seconds()):
                heard = self._listen(request)
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

    def _listen(self, request: httpx2.Request) -> _Heard:
        response = self._client.send(request, stream=True)
        try:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _LARGEST_BODY_BYTES:
                    message = f"the answer is larger than {_LARGEST_BODY_BYTES} bytes"
                    raise FeedContractError(message, hint="set a smaller batch_size")
            return _Heard(response.status_code, response.headers, b"".join(parts))
        finally:
            response.close()


def _open_client(settings: FeedSettings, transport: Transport | None) -> httpx2.Client:
    url = httpx2.URL(settings.url)
    if url.scheme not in {"http", "https"} or not url.host:
        message = f"the feed's url is no http or https URL: `{safe_url(settings.url)}`"
        raise SetupError(message, hint='the real one is url = "https://api.anthropic.com"')
    try:
        return httpx2.Client(
            verify=_trust(settings),
            proxy=settings.proxy_url or None,
            timeout=settings.http_client_timeout.total_seconds(),
            follow_redirects=False,
            transport=transport,
            headers={"user-agent": "anthropic-audit"},
        )
    except (ValueError, httpx2.InvalidURL) as error:
        message = f"the feed's proxy_url can't be used: `{safe_url(settings.proxy_url)}`"
        raise SetupError(message, hint="write http://host:port, https://host:port or socks5://host:port") from error
    except ImportError as error:
        message = "a socks proxy needs one more package"
        raise SetupError(message, hint="pip install 'anthropic-audit[socks]'") from error


def _trust(settings: FeedSettings) -> ssl.SSLContext | bool:
    """Build what decides whom to trust: the system's authorities or our own file, and our certificate if any."""
    if not settings.ca_file and not settings.client_certificate_file:
        return _system_trust()
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.client_certificate_file:
            context.load_cert_chain(settings.client_certificate_file, settings.client_key_file or None)
    except OSError as error:  # ssl.SSLError is one, too
        names = ", ".join(filter(None, (settings.ca_file, settings.client_certificate_file, settings.client_key_file)))
        message = f"a certificate file can't be used ({error.strerror or error}): {names}"
        raise SetupError(message, hint="ca_file, client_certificate_file and client_key_file are PEM files") from error
    return context


@cache
def _system_trust() -> ssl.SSLContext:
    """Trust whom the system trusts; one context for all feeds, as each costs a megabyte."""
    return httpx2.create_ssl_context()


@contextmanager
def _translated(url: str, deadline: timedelta) -> Iterator[None]:
    """Turn the HTTP library's failures into ours; every one of them is a reason to try again."""
    try:
        yield
    except DeadlineExceededError as error:
        message = f"no complete answer within {format_duration(deadline)} from {safe_url(url)}"
        hint = "something on the way sends too slowly, or without end: check the network, or raise request_deadline"
        raise FeedUnreachableError(message, hint=hint) from error
    except httpx2.TimeoutException as error:
        message = f"no answer in time from {safe_url(url)} ({type(error).__name__})"
        raise FeedUnreachableError(message, hint="check the network, or raise http_client_timeout") from error
    except httpx2.HTTPError as error:
        message = f"no answer from {safe_url(url)}: {redact(str(error)) or type(error).__name__}"
        raise FeedUnreachableError(message, hint="check url, proxy_url, ca_file and the network") from error


def _server_time(date: str | None) -> datetime | None:
    try:
        return None if date is None else parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
