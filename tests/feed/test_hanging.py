"""A request has a deadline, and ends at once when the operator asks to stop, whatever the server sends."""

from __future__ import annotations

import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from tests.hanging import WAYS, echoing, hanging, relaying

from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import FeedUnreachableError, InterruptedRunError
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.model import Query, Window
from anthropic_audit.network import Supervisor, backend, supervise
from anthropic_audit.progress import Progress, StillWaiting
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUERY = Query(Window(NOW - timedelta(hours=1), NOW))
PLAIN = [way for way in WAYS if way not in {"unread", "tls", "silent-tls", "proxy"}] + ["unaccepted"]
"""The ways in which an answer to a small request in the clear can hang."""


def client(clock: SystemClock, *, events: list[Progress] | None = None, **settings: object) -> FeedClient:
    asked = FeedSettings.model_validate({"http_client_timeout": "20s", "request_deadline": "1s", **settings})
    watch = (events if events is not None else []).append
    return FeedClient(asked, Secret("sk-ant-api01-TEST"), clock, budget=Budget(clock, watch))


def places(way: str, port: int) -> dict[str, Any]:
    match way:
        case "tls" | "silent-tls":
            return {"url": f"https://127.0.0.1:{port}"}
        case "proxy":
            return {"url": "https://feed.example.com", "proxy_url": f"http://127.0.0.1:{port}"}
        case _:
            return {"url": f"http://127.0.0.1:{port}"}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("way", [*PLAIN, "tls", "silent-tls", "proxy"])
def test_a_whole_request_has_a_deadline(way: str) -> None:
    clock, events = SystemClock(), list[Progress]()
    with hanging(way) as port:
        feed = client(clock, events=events, **places(way, port))
        started = time.monotonic()

        with pytest.raises(FeedUnreachableError, match="no complete answer within 1s") as caught:
            feed.read_page(QUERY)

        seconds = time.monotonic() - started
        feed.close()
    assert 0.9 < seconds < 15
    assert "request_deadline" in (caught.value.hint or "")
    assert [one.feed for one in events if isinstance(one, StillWaiting)][:1] == ["default"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("way", [*PLAIN, "tls", "silent-tls", "proxy"])
def test_the_operators_stop_ends_a_request(way: str) -> None:
    clock = SystemClock()
    with hanging(way) as port:
        feed = client(clock, request_deadline="60s", **places(way, port))
        threading.Timer(0.4, clock.interrupt).start()
        started = time.monotonic()

        with pytest.raises(InterruptedRunError):
            feed.read_page(QUERY)

        seconds = time.monotonic() - started
        feed.close()
    assert seconds < 10


def test_silence_is_not_waited_for_until_the_deadline() -> None:
    with hanging("silent") as port:
        feed = client(
            SystemClock(), http_client_timeout="300ms", request_deadline="60s", url=f"http://127.0.0.1:{port}"
        )

        with pytest.raises(FeedUnreachableError, match="no answer in time"):
            feed.read_page(QUERY)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [({}, 600.0), ({"http_client_timeout": "2s"}, 20.0), ({"request_deadline": "45s"}, 45.0)],
)
def test_the_deadline_is_ten_timeouts_unless_it_is_set(settings: dict[str, str], seconds: float) -> None:
    assert FeedSettings.model_validate(settings).deadline.total_seconds() == seconds


def test_a_name_look_up_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    real = backend._addresses

    def hang(host: str, port: int, flags: int = 0) -> object:
        if not flags:
            never.wait(20)
        return real(host, port, flags)

    monkeypatch.setattr(backend, "_addresses", hang)
    clock = SystemClock()
    feed = client(clock, url="http://feed.example.com")
    stopped = client(clock, url="http://feed.example.com", request_deadline="60s")

    with pytest.raises(FeedUnreachableError, match="no complete answer within 1s"):
        feed.read_page(QUERY)
    threading.Timer(0.3, clock.interrupt).start()
    with pytest.raises(InterruptedRunError):
        stopped.read_page(QUERY)
    never.set()


def test_large_bodies_go_through_tls_and_through_tls_inside_of_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    body = bytes(range(256)) * 20_000

    with echoing(context) as port, relaying(context) as proxy_port:
        url = f"https://127.0.0.1:{port}/"
        answers = []
        for proxy in (None, httpx2.Proxy(f"https://127.0.0.1:{proxy_port}", ssl_context=trust)):
            with supervise(httpx2.Client(verify=trust, proxy=proxy, timeout=10, trust_env=False), Supervisor()) as web:
                answers += [web.post(url, content=body).content for _ in range(2)]

    assert [one == body for one in answers] == [True] * 4
