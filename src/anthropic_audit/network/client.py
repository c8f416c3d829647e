"""Put an HTTP client under supervision."""

from __future__ import annotations

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
