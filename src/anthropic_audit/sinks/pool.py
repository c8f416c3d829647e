"""A replacement for urllib3's connection pool in the official clients, with deadlines and interruption."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
import urllib3
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from anthropic_audit.errors import InterruptedRunError
from anthropic_audit.network import AnswerTooLargeError, DeadlineExceededError, Supervisor, fetch, nothing, supervise
from anthropic_audit.settings import ClusterSink
from anthropic_audit.times import format_duration

from .certificates import tls_context

_MAX_ANSWER_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """The part of urllib3's response that the clients use."""

    status: int
    headers: urllib3.HTTPHeaderDict
    data: bytes


class SupervisedPool:
    """Sends requests to one node of a cluster.

    Compressing, signing and reading errors remain with the clients. Errors are raised as urllib3's classes, which the
    clients handle.
    """

    def __init__(self, settings: ClusterSink, base_url: str, check: Callable[[], None] = nothing) -> None:
        self._base_url = base_url
        self._deadline = settings.deadline
        self._supervisor = Supervisor(check)
        self._client = httpx2.Client(
            verify=tls_context(settings),
            timeout=settings.timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=settings.workers + 1),
        )
        self._client.headers.clear()
        supervise(self._client, self._supervisor)

    def urlopen(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> PoolAnswer:
        """Send a request, and return its complete response.

        Raises:
            urllib3.exceptions.HTTPError: There was no response, or no complete one before the deadline.
            InterruptedRunError: The operator stopped the run.
        """
        request = self._client.build_request(
            method, self._base_url + url, content=body, headers=dict((headers or {}).items())
        )
        seconds = self._deadline.total_seconds()
        try:
            answer = fetch(self._client, self._supervisor, request, seconds=seconds, max_bytes=_MAX_ANSWER_BYTES)
        except InterruptedRunError:
            raise
        except DeadlineExceededError as error:
            message = f"no complete answer within {format_duration(self._deadline)}, the sink's request_deadline"
            raise urllib3.exceptions.HTTPError(message) from error
        except AnswerTooLargeError as error:
            message = f"the answer is larger than {_MAX_ANSWER_BYTES:,} bytes"
            raise urllib3.exceptions.HTTPError(message) from error
        except httpx2.ConnectError as error:
            if isinstance(_root(error), ssl.SSLError):
                raise urllib3.exceptions.SSLError(str(error)) from error
            raise NewConnectionError(None, str(error)) from error  # type: ignore[arg-type] # used in messages only
        except httpx2.TimeoutException as error:
            raise ReadTimeoutError(None, url, "no answer in time") from error  # type: ignore[arg-type] # likewise
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise urllib3.exceptions.HTTPError(str(error) or type(error).__name__) from error
        return PoolAnswer(answer.status, urllib3.HTTPHeaderDict(answer.headers.multi_items()), answer.body)

    def close(self) -> None:
        """Close connections."""
        self._client.close()


def _root(error: BaseException) -> BaseException:
    """Return the first cause of an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
