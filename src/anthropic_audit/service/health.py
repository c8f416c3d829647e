"""Serve `/healthz`, `/readyz` and `/metrics` on a loopback port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import urlsplit

import orjson

from anthropic_audit.archive import ArchiveWriter
from anthropic_audit.errors import SetupError
from anthropic_audit.progress import ignore_progress
from anthropic_audit.settings import FeedSettings
from anthropic_audit.status import FeedState, feed_state
from anthropic_audit.times import format_time

from .unexpected import UnexpectedErrors

_LOOPBACK = "127.0.0.1"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_JSON = "application/json"
_NONE: Mapping[str, str] = MappingProxyType({})
_POLL_SECONDS = 0.05
"""Interval at which the server checks for its shutdown."""


@dataclass(frozen=True, slots=True)
class HealthResponse:
    """The response of a health page."""

    status: int
    kind: str
    body: bytes


Pages = Mapping[str, Callable[[], HealthResponse]]
"""Functions that make the pages, by path."""


def readiness(
    archive: ArchiveWriter, feeds: Sequence[FeedSettings], now: datetime, persistent: Mapping[str, str] = _NONE
) -> HealthResponse:
    """Return 200 if every feed is current and no work fails persistently, else 503; the body has each feed's state.

    Args:
        archive: The writer of the service's archive.
        feeds: The configured feeds.
        now: The current time.
        persistent: Names of work that fails persistently with an unexpected error, and the kind of error; the service
            is not ready if there is any.
    """
    found = {feed.name: _status(archive, feed, now) for feed in feeds}
    is_ready = all(one["is_current"] for one in found.values()) and not persistent
    body = orjson.dumps({"is_ready": is_ready, "feeds": found, "unexpected_errors": dict(persistent)})
    return HealthResponse(200 if is_ready else 503, _JSON, body)


def alive() -> HealthResponse:
    """Return the response that the process is alive."""
    return HealthResponse(200, _JSON, orjson.dumps({"is_alive": True}))


def metrics_page(text: bytes) -> HealthResponse:
    """Return a response with metrics in Prometheus' text format."""
    return HealthResponse(200, _PROMETHEUS, text)


def _status(archive: ArchiveWriter, feed: FeedSettings, now: datetime) -> Mapping[str, object]:
    covered = archive.covered(feed.name, feed.filters)
    state = feed_state(covered, feed.lag_limit, now)
    end = None if covered.end is None else format_time(covered.end)
    return {"covered_to": end, "state": state, "is_current": state is FeedState.CURRENT}


class HealthServer:
    """Serves pages on the loopback interface while its context lasts.

    Raises:
        SetupError: The port can't be used.
    """

    def __init__(self, port: int, pages: Pages, unexpected: UnexpectedErrors | None = None) -> None:
        try:
            self._server = _Server(
                (_LOOPBACK, port), _request_handler(pages, unexpected or UnexpectedErrors(ignore_progress))
            )
        except OSError as error:
            message = f"can't listen on the health port {_LOOPBACK}:{port}: {error.strerror or error}"
            raise SetupError(message, hint="choose another `service.health_port`") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, name="health", daemon=True
        )

    @property
    def url(self) -> str:
        """Base URL of the pages."""
        return f"http://{_LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: the client has disconnected, or did not send a request."""


def _request_handler(pages: Pages, unexpected: UnexpectedErrors) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            answer = _respond(pages, urlsplit(self.path).path, unexpected)
            self.send_response(answer.status)
            self.send_header("content-type", answer.kind)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Log nothing: these pages are requested all the time."""

    return Handler


def _respond(pages: Pages, path: str, unexpected: UnexpectedErrors) -> HealthResponse:
    """Return the response for a path; an error of a page is reported, and gives 500."""
    page = pages.get(path)
    if page is None:
        return HealthResponse(404, _JSON, orjson.dumps({"pages": sorted(pages)}))
    work = f"health page {path}"
    try:
        answer = page()
    except Exception as error:  # noqa: BLE001 - an error of one page must not affect the others
        said = unexpected.note(work, error)
        return HealthResponse(500, _JSON, orjson.dumps({"error": str(said)}))
    unexpected.clear(work)
    return answer
