"""HTTP connections to the Activity Feed: open a client, and translate the HTTP library's errors into ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import httpx2

from anthropic_audit.clock_difference import validity_hint
from anthropic_audit.errors import FeedUnreachableError, SetupError
from anthropic_audit.network import DeadlineExceededError
from anthropic_audit.redact import redact, safe_url
from anthropic_audit.settings import FeedSettings
from anthropic_audit.times import format_duration

from .proxy import Proxy, variables

Transport = httpx2.BaseTransport
"""Carries requests; tests use another one than the network's."""

_PROXY_FORMS = "write http://host:port, https://host:port or socks5://host:port"


@dataclass(frozen=True, slots=True)
class Route:
    """The URL of requests, the deadline of one request, and the proxy that they go through."""

    url: str
    deadline: timedelta
    proxy: Proxy | None = None

    @property
    def via(self) -> str:
        """The proxy as messages name it; empty without a proxy."""
        return "" if self.proxy is None else str(self.proxy)

    @property
    def target(self) -> str:
        """The URL as messages name it, followed by the proxy, if any."""
        return safe_url(self.url) + (f" through {self.proxy}" if self.proxy is not None else "")


def open_client(settings: FeedSettings, transport: Transport | None) -> httpx2.Client:
    """Open a client for a feed's requests.

    Raises:
        SetupError: A certificate file, the feed's URL, or the URL of a proxy can't be used; the message names it.
    """
    url = httpx2.URL(settings.url)
    if url.scheme not in {"http", "https"} or not url.host:
        message = f"the feed's url is not an http or https URL: `{safe_url(settings.url)}`"
        raise SetupError(message, hint='the API is at url = "https://api.anthropic.com"')
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
        if settings.proxy_url:
            message = f"the feed's proxy_url can't be used: `{safe_url(settings.proxy_url)}`"
            raise SetupError(message, hint=_PROXY_FORMS) from error
        raise _broken_environment(error) from error
    except ImportError as error:
        message = "a socks proxy needs the extra `socks`, which is not installed"
        raise SetupError(message, hint="pip install 'anthropic-audit[socks]'") from error


def _trust(settings: FeedSettings) -> ssl.SSLContext | bool:
    """Return the TLS settings: the system's certificate authorities or those of `ca_file`, and our client certificate.

    Raises:
        SetupError: A certificate file can't be used.
    """
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
    """Return the TLS context with the system's certificate authorities; shared by all feeds, as each takes 1 MB."""
    return httpx2.create_ssl_context()


def _broken_environment(error: Exception) -> SetupError:
    """Return an error that names the environment variable whose proxy can't be used."""
    for name, url in variables().items():
        try:
            httpx2.Proxy(url if "://" in url else f"http://{url}")
        except (ValueError, httpx2.InvalidURL):
            message = f"the environment's {name} can't be used: `{safe_url(url)}`"
            return SetupError(message, hint=f"{_PROXY_FORMS}, or unset the variable")
    message = f"a proxy variable of the environment can't be used: {redact(str(error))}"
    return SetupError(message, hint="check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY")


@contextmanager
def translated(route: Route, now: datetime) -> Iterator[None]:
    """Translate the HTTP library's errors into ours; a retry may help for each of them.

    Args:
        route: Where the request goes.
        now: The time by our clock, for hints about certificates that are not valid at that time.

    Raises:
        FeedUnreachableError: No complete response came.
    """
    try:
        yield
    except DeadlineExceededError as error:
        message = f"no complete answer within {format_duration(route.deadline)} from {route.target}"
        hint = "the API or a proxy sends too slowly, or without end: check the network, or raise request_deadline"
        raise FeedUnreachableError(message, hint=hint) from error
    except httpx2.TimeoutException as error:
        message = f"no answer in time from {route.target} ({type(error).__name__})"
        raise FeedUnreachableError(message, hint=_hint(route, "the network, or raise http_client_timeout")) from error
    except httpx2.HTTPError as error:
        message = f"no answer from {route.target}: {redact(str(error)) or type(error).__name__}"
        hint = _hint(route, "url, proxy_url, ca_file and the network") + validity_hint(str(error), now)
        raise FeedUnreachableError(message, hint=hint) from error


def _hint(route: Route, causes: str) -> str:
    """Return a hint that names the proxy first, if there is one, then the other causes."""
    if route.proxy is None:
        return f"check {causes}"
    return f"check {route.proxy.source} and whether that proxy is up, then {causes}"
