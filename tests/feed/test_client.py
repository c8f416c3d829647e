from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from anthropic_audit.errors import (
    AuditError,
    FeedBusyError,
    FeedContractError,
    FeedDeniedError,
    FeedPageTooLargeError,
    FeedUnreachableError,
    SetupError,
)
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.feed.trace import Tracer
from anthropic_audit.model import Filters, Query, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "sk-ant-api01-TESTTESTTEST"
EMPTY = b'{"data":[],"has_more":false,"first_id":null,"last_id":null}'
QUERY = Query(
    Window(NOW - timedelta(hours=1), NOW),
    Filters(exclude_activity_types=("b", "a"), actor_ids=("user_1",), organization_ids=("org_1",)),
    after_id="c&1=",
)
Answering = Callable[[httpx2.Request], httpx2.Response]


def client(
    answering: Answering | None, settings: dict[str, object] | None = None, *, tracer: Tracer | None = None
) -> FeedClient:
    clock = FakeClock(NOW)
    return FeedClient(
        FeedSettings.model_validate({"http_client_timeout": "500ms", **(settings or {})}),
        Secret(KEY),
        clock,
        budget=Budget(clock, ignore_progress),
        tracer=tracer,
        transport=None if answering is None else httpx2.MockTransport(answering),
    )


def test_a_question_is_asked_as_documented() -> None:
    asked: list[httpx2.Request] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=EMPTY)

    client(answering, {"url": "https://api.example/"}).read_page(QUERY)

    assert asked[0].url.copy_with(query=None) == "https://api.example/v1/compliance/activities"
    assert asked[0].headers["x-api-key"] == KEY
    assert asked[0].headers["anthropic-version"] == "2023-06-01"
    assert asked[0].url.params.multi_items() == [
        ("created_at.gte", "2026-11-23T11:00:00Z"),
        ("created_at.lt", "2026-11-23T12:00:00Z"),
        ("exclude_activity_types[]", "b"),
        ("exclude_activity_types[]", "a"),
        ("actor_ids[]", "user_1"),
        ("organization_ids[]", "org_1"),
        ("limit", "5000"),
        ("order", "asc"),
        ("after_id", "c&1="),
    ]


def test_an_answer_becomes_a_page_with_its_proof() -> None:
    row = b'{"id":"a","type":"t","created_at":"2026-11-23T11:30:00Z"}'
    body = b'{"data":[' + row + b'],"has_more":true,"first_id":"f","last_id":"l"}'
    headers = {"request-id": "req_9", "date": "Mon, 23 Nov 2026 11:59:58 GMT"}

    page = client(lambda _: httpx2.Response(200, content=body, headers=headers)).read_page(QUERY)

    assert [one.id for one in page.activities] == ["a"]
    assert (page.has_more, page.first_id, page.last_id, page.request_id) == (True, "f", "l", "req_9")
    assert (page.received_at, page.server_time) == (NOW, NOW - timedelta(seconds=2))


@pytest.mark.parametrize("date", ["soon", "Mon, 99 Nov 2026 11:59:58 GMT", ""])
def test_an_odd_date_header_is_no_time(date: str) -> None:
    page = client(lambda _: httpx2.Response(200, content=EMPTY, headers={"date": date})).read_page(QUERY)

    assert page.server_time is None


def test_the_budget_learns_from_answers_and_refusals() -> None:
    headers = {
        "anthropic-ratelimit-requests-limit": "600",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:30Z",
    }
    clock = FakeClock(NOW)
    feed = FeedClient(
        FeedSettings(),
        Secret(KEY),
        clock,
        budget=Budget(clock, ignore_progress),
        transport=httpx2.MockTransport(lambda _: httpx2.Response(429, headers=headers)),
    )

    for _ in range(2):
        with pytest.raises(FeedBusyError):
            feed.read_page(QUERY)

    assert clock.waited == [30]


def _raising(error: Exception) -> Answering:
    def answering(request: httpx2.Request) -> httpx2.Response:
        raise error

    return answering


@pytest.mark.parametrize(
    "error",
    [error for error in vars(httpx2).values() if isinstance(error, type) and issubclass(error, httpx2.TransportError)],
)
def test_every_failure_of_the_network_is_a_reason_to_try_again(error: type[httpx2.TransportError]) -> None:
    with pytest.raises(FeedUnreachableError) as caught:
        client(_raising(error(f"failed for {KEY}"))).read_page(QUERY)

    assert KEY not in str(caught.value)
    assert caught.value.hint is not None


def test_a_redirect_is_never_followed() -> None:
    asked: list[str] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(302, headers={"location": "https://evil.example/"})

    with pytest.raises(FeedContractError, match="302"):
        client(answering).read_page(QUERY)

    assert len(asked) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "api.anthropic.com"}, "url is not an http"),
        ({"url": "ftp://api.anthropic.com"}, "url is not an http"),
        ({"proxy_url": "gopher://user:word@proxy"}, "proxy_url"),
        ({"proxy_url": "socks5://127.0.0.1:1"}, "socks proxy needs"),
        ({"ca_file": "/nowhere/ca.pem"}, "certificate file"),
        ({"client_certificate_file": "/nowhere/own.pem"}, "certificate file"),
    ],
)
def test_settings_that_can_not_work_say_so(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SetupError, match=said) as caught:
        client(None, settings)

    assert "word" not in str(caught.value)
    assert caught.value.hint is not None


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anthropic_audit.feed.client.MAX_PAGE_BYTES", 1000)

    with pytest.raises(FeedPageTooLargeError, match="larger than 1000 bytes"):
        client(lambda _: httpx2.Response(200, content=b" " * 2000)).read_page(QUERY)


def test_our_own_authorities_and_certificate_are_used(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(SetupError, match=r"ca\.pem"):
        client(None, {"ca_file": str(tmp_path / "ca.pem")})


def test_a_host_that_does_not_answer_is_named_without_the_key() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(FeedUnreachableError, match=rf"127\.0\.0\.1:{port}") as caught:
        client(None, {"url": f"http://127.0.0.1:{port}"}).read_page(QUERY)

    assert KEY not in str(caught.value)


def test_a_host_that_never_answers_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        with pytest.raises(FeedUnreachableError, match="no answer in time"):
            client(None, {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}).read_page(QUERY)


def test_the_tracer_sees_everything_but_the_key(tmp_path: Path) -> None:
    answers = iter([httpx2.Response(200, content=EMPTY), httpx2.Response(401, content=b'{"error":{}}')])

    def answering(request: httpx2.Request) -> httpx2.Response:
        answer = next(answers, None)
        if answer is None:
            message = "reset"
            raise httpx2.ReadError(message)
        return answer

    feed = client(answering, tracer=Tracer(tmp_path, "acme"))

    outcomes: list[type[AuditError] | None] = []
    for _ in range(3):
        try:
            feed.read_page(QUERY)
            outcomes.append(None)
        except AuditError as error:
            outcomes.append(type(error))
    feed.close()

    text = (tmp_path / "acme.ndjson").read_text()
    assert outcomes == [None, FeedDeniedError, FeedUnreachableError]
    assert len(text.splitlines()) == 3
    assert '"status":401' in text
    assert "reset" in text
    assert KEY not in text
