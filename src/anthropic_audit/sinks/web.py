"""One POST of a batch, for targets that speak HTTP and have no library of their own."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import partial

import httpx2

from anthropic_audit.errors import SetupError, SinkBusyError
from anthropic_audit.settings import HttpSink, OtlpSink, SplunkHecSink

from .answers import refusal
from .certificates import tls_context

_GOOD = range(200, 300)


class WebClient:
    """Sends bodies to one URL, compressed if that is wanted.

    Raises:
        SetupError: The URL or a certificate's file can't be used.
    """

    def __init__(
        self, settings: HttpSink | SplunkHecSink | OtlpSink, url: str, headers: Mapping[str, str], *, compress: bool
    ) -> None:
        self._name = settings.name
        self._packed = partial(gzip.compress, compresslevel=1) if compress else bytes
        encoding = {"content-encoding": "gzip"} if compress else {}
        context = tls_context(settings)
        try:
            self._url = httpx2.URL(url)
            self._client = httpx2.Client(
                verify=context,
                timeout=settings.timeout.total_seconds(),
                headers={**headers, **encoding},
                limits=httpx2.Limits(max_connections=settings.workers),
            )
        except (httpx2.InvalidURL, ValueError) as error:
            message = f"sink {settings.name}: the target can't be reached this way: {error}"
            raise SetupError(message, hint="check the url and the headers") from error

    def post(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Send a body, and return the answer's.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: It was not taken.
        """
        try:
            answer = self._client.post(self._url, content=self._packed(body), headers=dict(headers))
        except httpx2.TransportError as error:
            message = f"sink {self._name}: no answer: {type(error).__name__}: {error}"
            raise SinkBusyError(message, hint="check the url, certificates and the network") from error
        if answer.status_code in _GOOD:
            return answer.content
        raise refusal(self._name, answer.status_code, answer.text[:2000], answer.headers)

    def close(self) -> None:
        """Close connections."""
        self._client.close()
