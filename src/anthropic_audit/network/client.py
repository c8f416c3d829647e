"""Supervision of an HTTP client, and requests whose whole response is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import httpx2

from .backend import SupervisedBackend
from .supervisor import Supervisor


class _Pool(Protocol):
    _network_backend: SupervisedBackend


def supervise(client: httpx2.Client, supervisor: Supervisor) -> httpx2.Client:
    """Supervise every connection of a client, including connections to proxies; return the client.

    httpx2 has no argument for the network backend; its connection pools do. Transports that are not the network's are
    not changed.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - there is no public way
        if isinstance(transport, httpx2.HTTPTransport):
            pool = cast("_Pool", transport._pool)  # noqa: SLF001 - there is no public way
            pool._network_backend = SupervisedBackend(supervisor)  # noqa: SLF001 - there is no public way
    return client


class AnswerTooLargeError(Exception):
    """A response has more bytes than `max_bytes`."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete response."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode(errors="replace")


def fetch(
    client: httpx2.Client, supervisor: Supervisor, request: httpx2.Request, *, seconds: float, max_bytes: int
) -> HttpAnswer:
    """Send a request, and return its complete response.

    Args:
        client: A client that `supervise` returned.
        supervisor: The supervisor of that client.
        request: The request to send.
        seconds: The deadline for request and response together.
        max_bytes: Upper bound on the body, after decompression.

    Raises:
        httpx2.TransportError: No response came.
        DeadlineExceededError: The response was not complete within `seconds`.
        AnswerTooLargeError: The body has more than `max_bytes`.
        InterruptedRunError: The operator asked to stop.
    """
    with supervisor.request(seconds):
        response = client.send(request, stream=True)
        try:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > max_bytes:
                    raise AnswerTooLargeError
            return HttpAnswer(response.status_code, response.headers, b"".join(parts))
        finally:
            response.close()
