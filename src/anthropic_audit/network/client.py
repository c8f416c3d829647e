"""Put an HTTP client under supervision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import httpx2

from .backend import SupervisedBackend
from .supervisor import Supervisor


class _Pool(Protocol):
    _network_backend: SupervisedBackend


def supervise(client: httpx2.Client, supervisor: Supervisor) -> httpx2.Client:
    """Let every connection of a client be made and used under supervision, also those to proxies; return the client.

    httpx2 has no argument for what connects; its pools do. Transports that are not the network's are left alone.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - there is no public way
        if isinstance(transport, httpx2.HTTPTransport):
            pool = cast("_Pool", transport._pool)  # noqa: SLF001 - there is no public way
            pool._network_backend = SupervisedBackend(supervisor)  # noqa: SLF001 - there is no public way
    return client


class AnswerTooLargeError(Exception):
    """An answer has more bytes than its reader wants to keep."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.body.decode(errors="replace")


def fetch(
    client: httpx2.Client, supervisor: Supervisor, request: httpx2.Request, *, seconds: float, max_bytes: int
) -> HttpAnswer:
    """Send a request, and read its whole answer.

    Raises:
        httpx2.TransportError: No answer came.
        DeadlineExceededError: It did not come to its end within so many seconds.
        AnswerTooLargeError: It has more bytes than that, unpacked.
        InterruptedRunError: The operator asked for an end.
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
