"""Requests to an identity provider: with small responses, a timeout and no redirects."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import quote_plus

import httpx2

from anthropic_audit.errors import ProviderError, SetupError
from anthropic_audit.network import DeadlineExceededError, Supervisor, nothing, supervise
from anthropic_audit.redact import Secret, safe_url
from anthropic_audit.settings import OpenIdSettings
from anthropic_audit.sinks.certificates import secured

MAX_RESPONSE_BYTES: Final = 262_144
_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """The status and the body of a response."""

    status: int
    body: bytes


class Fetcher:
    """An HTTP client for a provider; it stores no cookies, so that logins are independent of each other.

    Raises:
        SetupError: The proxy or the CA file can't be used.
    """

    def __init__(self, settings: OpenIdSettings, check: Callable[[], None] = nothing) -> None:
        self._supervisor = Supervisor(check)
        self._seconds = settings.timeout.total_seconds()
        context = secured("`console.openid`", ca_file=settings.ca_file)
        try:
            self._client = httpx2.Client(
                verify=context,
                proxy=settings.proxy_url or None,
                timeout=self._seconds,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                limits=httpx2.Limits(max_connections=_CONNECTIONS),
                headers={"user-agent": "anthropic-audit", "accept": "application/json", "accept-encoding": "identity"},
            )
            supervise(self._client, self._supervisor)
        except (ValueError, httpx2.InvalidURL) as error:
            message = f"`console.openid`: the proxy can't be used: `{safe_url(settings.proxy_url)}`"
            raise SetupError(message, hint="use http://host:port, https://host:port or socks5://host:port") from error
        except ImportError as error:
            message = "a SOCKS proxy needs the extra `socks`"
            raise SetupError(message, hint="pip install 'anthropic-audit[socks]'") from error

    def get(self, url: str, *, token: Secret | None = None) -> ProviderResponse:
        """Send a GET request, with an access token if one is given.

        Raises:
            ProviderError: There was no response, or it is too large or took too long.
        """
        headers = {"authorization": f"Bearer {token.reveal()}"} if token else {}
        return self._ask(self._client.build_request("GET", url, headers=headers))

    def post(self, url: str, form: Mapping[str, str], *, basic: tuple[str, Secret] | None = None) -> ProviderResponse:
        """Send a form, with the client's name and secret as basic authentication if they are given.

        Raises:
            ProviderError: There was no response, or it is too large or took too long.
        """
        headers = {"authorization": _basic(*basic)} if basic else {}
        return self._ask(self._client.build_request("POST", url, data=dict(form), headers=headers))

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _ask(self, request: httpx2.Request) -> ProviderResponse:
        with _translated(request.url.host), self._supervisor.request(self._seconds):
            response = self._client.send(request, stream=True)
            try:
                return ProviderResponse(response.status_code, _body(response))
            finally:
                response.close()


def _body(response: httpx2.Response) -> bytes:
    """Read a response up to `MAX_RESPONSE_BYTES`; compressed ones are refused: they could expand beyond it."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise unreachable(response.url.host, "its response is compressed")
    parts, size = [], 0
    for part in response.iter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_RESPONSE_BYTES:
            raise unreachable(response.url.host, "its response is too large")
    return b"".join(parts)


def _basic(name: str, secret: Secret) -> str:
    """Return the header of basic authentication; RFC 6749 (2.3.1) wants name and secret form-encoded first."""
    credentials = f"{quote_plus(name)}:{quote_plus(secret.reveal())}"
    return f"Basic {b64encode(credentials.encode()).decode()}"


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Translate errors of the HTTP library into ProviderError, without anything that was sent."""
    try:
        yield
    except (DeadlineExceededError, httpx2.TimeoutException) as error:
        raise unreachable(host, "no complete answer in time") from error
    except httpx2.ConnectError as error:
        raise unreachable(host, "no connection") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise unreachable(host, type(error).__name__) from error


def unreachable(host: str, reason: str) -> ProviderError:
    """Return the error for a provider that can't be reached."""
    message = f"the identity provider can't be reached: {host}: {reason}"
    hint = "try again in a minute; if that doesn't help, ask the operator of this console to check the network, and "
    return ProviderError(message, hint=f"{hint}`issuer`, `ca_file`, `proxy_url` and `timeout` of `console.openid`")
