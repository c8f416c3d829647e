"""Proxies and certificates, against servers that require them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from anthropic_audit.errors import FeedUnreachableError
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.model import Query, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUERY = Query(Window(NOW - timedelta(hours=1), NOW))
EMPTY = b'{"data":[],"has_more":false,"first_id":null,"last_id":null}'


class Answering(BaseHTTPRequestHandler):
    """Answers every request with an empty page, and records the requests."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("content-length", str(len(EMPTY)))
        self.end_headers()
        self.wfile.write(EMPTY)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Quiet(HTTPServer):
    """A server that ignores failed handshakes."""

    def handle_error(self, *_: object) -> None:
        """Stay silent: the tests expect clients that refuse our certificate."""


@contextmanager
def serving(secured: Callable[[ssl.SSLContext], None] | None = None) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    server = Quiet(("127.0.0.1", 0), type("Kept", (Answering,), {"asked": asked}))
    if secured is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secured(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read(**settings: str) -> int:
    """Read one page, and return the number of its activities."""
    clock = FakeClock(NOW)
    client = FeedClient(
        FeedSettings.model_validate({"http_client_timeout": "5s", **settings}),
        Secret("sk-ant-api01-TESTTESTTEST"),
        clock,
        budget=Budget(clock, ignore_progress),
    )
    try:
        return len(client.read_page(QUERY).activities)
    finally:
        client.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> dict[str, str]:
    """Certificate files as settings name them."""
    own = authority.issue_cert("collector@acme.example")
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca_file", "client_certificate_file", "client_key_file")}
    authority.cert_pem.write_to_path(str(paths["ca_file"]))
    own.cert_chain_pems[0].write_to_path(str(paths["client_certificate_file"]))
    own.private_key_pem.write_to_path(str(paths["client_key_file"]))
    return {name: str(path) for name, path in paths.items()}


def test_requests_go_through_the_proxy() -> None:
    with serving() as (port, asked):
        read(url="http://feed.example", proxy_url=f"http://127.0.0.1:{port}")

    assert [url.split("?")[0] for url in asked] == ["http://feed.example/v1/compliance/activities"]


def test_an_authority_of_our_own_is_trusted_when_it_is_named(authority: trustme.CA, files: dict[str, str]) -> None:
    with serving(authority.issue_cert("127.0.0.1").configure_cert) as (port, asked):
        assert read(url=f"https://127.0.0.1:{port}", ca_file=files["ca_file"]) == 0

    assert len(asked) == 1


def test_an_authority_that_is_not_named_is_not_trusted(authority: trustme.CA) -> None:
    with (
        serving(authority.issue_cert("127.0.0.1").configure_cert) as (port, asked),
        pytest.raises(FeedUnreachableError, match=r"(?i)certificate"),
    ):
        read(url=f"https://127.0.0.1:{port}")

    assert asked == []


def test_a_certificate_for_another_name_is_not_trusted(authority: trustme.CA, files: dict[str, str]) -> None:
    with (
        serving(authority.issue_cert("api.example").configure_cert) as (port, asked),
        pytest.raises(FeedUnreachableError, match=r"(?i)certificate|mismatch"),
    ):
        read(url=f"https://127.0.0.1:{port}", ca_file=files["ca_file"])

    assert asked == []


def test_our_certificate_is_shown_to_a_server_that_asks_for_it(authority: trustme.CA, files: dict[str, str]) -> None:
    def secured(context: ssl.SSLContext) -> None:
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    with serving(secured) as (port, asked):
        url = f"https://127.0.0.1:{port}"
        read(url=url, **files)
        with pytest.raises(FeedUnreachableError):
            read(url=url, ca_file=files["ca_file"])

    assert len(asked) == 1


@pytest.mark.parametrize(("first", "last"), [(1, 30), (-30, -1)])
def test_a_certificate_that_our_clock_refuses_may_be_our_clocks_fault(
    authority: trustme.CA, files: dict[str, str], first: int, last: int
) -> None:
    today = datetime.now(UTC)
    from_day, to_day = today + timedelta(days=first), today + timedelta(days=last)
    certificate = authority.issue_cert("127.0.0.1", not_before=from_day, not_after=to_day)

    with serving(certificate.configure_cert) as (port, asked), pytest.raises(FeedUnreachableError) as caught:
        read(url=f"https://127.0.0.1:{port}", ca_file=files["ca_file"])

    assert asked == []
    hint = "check url, proxy_url, ca_file and the network; or our clock is wrong: it shows 2026-11-23T12:00:00Z"
    assert caught.value.hint == hint


def test_a_certificate_that_is_refused_for_something_else_is_not(authority: trustme.CA) -> None:
    with (
        serving(authority.issue_cert("127.0.0.1").configure_cert) as (port, _),
        pytest.raises(FeedUnreachableError) as caught,
    ):
        read(url=f"https://127.0.0.1:{port}")

    assert caught.value.hint == "check url, proxy_url, ca_file and the network"
