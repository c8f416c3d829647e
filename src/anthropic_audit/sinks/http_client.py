"""An HTTP client for sinks without a client library."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import partial

import httpx2

from anthropic_audit.errors import SetupError, SinkBusyError
from anthropic_audit.network import AnswerTooLargeError, DeadlineExceededError, Supervisor, fetch, supervise
from anthropic_audit.settings import HttpSink, OtlpSink, SplunkHecSink
from anthropic_audit.times import format_duration

from .certificates import tls_context
from .responses import no_answer, refusal

_GOOD = range(200, 300)
_MAX_ANSWER_BYTES = 16 * 2**20


class WebClient:
    """Posts bodies to one URL, compressed with gzip if `compress` is set.

    Raises:
        SetupError: The URL or a certificate's file can't be used.
    """

    def __init__(
        self,
        settings: HttpSink | SplunkHecSink | OtlpSink,
        url: str,
        headers: Mapping[str, str],
        *,
        compress: bool,
        check: Callable[[], None],
    ) -> None:
        self._name = settings.name
        self._deadline = settings.deadline
        self._supervisor = Supervisor(check)
        self._compressed = partial(gzip.compress, compresslevel=1) if compress else bytes
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
            supervise(self._client, self._supervisor)
        except (httpx2.InvalidURL, ValueError) as error:
            message = f"sink {settings.name}: the target can't be reached this way: {error}"
            raise SetupError(message, hint="check the url and the headers") from error

    def post(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Post a body, and return the body of the response.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The body was not accepted.
            InterruptedRunError: The operator stopped the run; it is unknown whether the body was accepted.
        """
        request = self._client.build_request("POST", self._url, content=self._compressed(body), headers=dict(headers))
        seconds = self._deadline.total_seconds()
        try:
            answer = fetch(self._client, self._supervisor, request, seconds=seconds, max_bytes=_MAX_ANSWER_BYTES)
        except DeadlineExceededError as error:
            message = f"sink {self._name}: no complete answer within {format_duration(self._deadline)}"
            hint = "check the network between this host and the target, or raise request_deadline"
            raise SinkBusyError(message, hint=hint) from error
        except AnswerTooLargeError as error:
            message = f"sink {self._name}: the answer is larger than {_MAX_ANSWER_BYTES:,} bytes"
            raise SinkBusyError(message, hint="check that url is correct") from error
        except httpx2.TransportError as error:
            raise no_answer(self._name, f"{type(error).__name__}: {error}", "the url") from error
        if answer.status in _GOOD:
            return answer.body
        raise refusal(self._name, answer.status, answer.text[:2000], answer.headers)

    def close(self) -> None:
        """Close connections."""
        self._client.close()
