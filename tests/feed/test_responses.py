from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anthropic_audit.errors import (
    AuditError,
    FeedBusyError,
    FeedContractError,
    FeedDeniedError,
    FeedRefusedError,
)
from anthropic_audit.feed.responses import FeedResponse, refusal

BODY = b'{"type":"error","error":{"type":"permission_error","message":"Got: [a] Needed: [read:compliance_activities]"}}'


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        pytest.param(400, {}, FeedRefusedError, id="bad request"),
        pytest.param(401, {}, FeedDeniedError, id="unknown key"),
        pytest.param(403, {}, FeedDeniedError, id="missing scope"),
        pytest.param(404, {}, FeedDeniedError, id="other kind of key"),
        pytest.param(429, {}, FeedBusyError, id="budget spent"),
        pytest.param(500, {}, FeedBusyError, id="server error"),
        pytest.param(500, {"x-should-retry": "true"}, FeedBusyError, id="server error, retry"),
        pytest.param(500, {"x-should-retry": "false"}, FeedContractError, id="server error, do not retry"),
        pytest.param(502, {}, FeedBusyError, id="bad gateway"),
        pytest.param(503, {}, FeedBusyError, id="unavailable"),
        pytest.param(504, {}, FeedBusyError, id="gateway timeout"),
        pytest.param(529, {}, FeedBusyError, id="overloaded"),
        pytest.param(204, {}, FeedContractError, id="no content"),
        pytest.param(302, {"location": "https://evil.example"}, FeedContractError, id="redirect"),
        pytest.param(405, {}, FeedContractError, id="method"),
        pytest.param(408, {}, FeedBusyError, id="request timeout"),
        pytest.param(409, {}, FeedBusyError, id="conflict"),
        pytest.param(421, {}, FeedBusyError, id="misdirected"),
        pytest.param(425, {}, FeedBusyError, id="too early"),
        pytest.param(418, {}, FeedContractError, id="anything else"),
    ],
)
def test_a_status_says_what_to_do_next(status: int, headers: dict[str, str], expected: type[AuditError]) -> None:
    problem = refusal(FeedResponse(status, {"request-id": "req_7", **headers}, BODY))

    assert type(problem) is expected
    assert "req_7" in str(problem)
    assert "evil" not in str(problem)


def test_a_yes_is_no_problem() -> None:
    assert refusal(FeedResponse(200, {}, b"")) is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), ("-1", None), ("inf", None), ("nan", None)]
)
def test_retry_after_is_taken_over_when_it_is_a_time(header: str, seconds: float | None) -> None:
    problem = refusal(FeedResponse(429, {"retry-after": header}, b""))

    assert isinstance(problem, FeedBusyError)
    assert problem.retry_after == seconds


def test_the_words_of_the_api_are_quoted_without_keys() -> None:
    body = b'{"error":{"type":"authentication_error","message":"unknown key sk-ant-api01-TESTTEST"}}'

    said = str(refusal(FeedResponse(401, {}, body)))

    assert "authentication_error: unknown key sk-ant-api01-***" in said
    assert "TESTTEST" not in said


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"error":"odd"}', b"[]", b'{"error":{"type":7}}'])
def test_a_body_that_explains_nothing_is_left_out(body: bytes) -> None:
    assert str(refusal(FeedResponse(503, {"request-id": "req_1"}, body))) == "the feed answered 503, request-id: req_1"


PROXY_PAGE = b"<html><head><style>p {x:y}</style><title>Access Denied</title></head><p>Policy 7 of ACME</p></html>"
VIA = "the proxy http://***@proxy.example:3128 (HTTPS_PROXY)"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 407, 410, 451, 499])
@pytest.mark.parametrize("body", [PROXY_PAGE, b"", b'{"message":"blocked"}', b"Access Denied Policy 7 of ACME"])
def test_a_refusal_that_is_not_the_apis_does_not_blame_the_key(status: int, body: bytes) -> None:
    headers = {"content-type": "text/html; charset=utf-8", "server": "squid"}

    problem = refusal(FeedResponse(status, headers, body, via=VIA))

    assert isinstance(problem, FeedDeniedError)
    assert "a proxy or firewall answered" in str(problem)
    assert f"through {VIA}" in str(problem)
    assert "key" not in str(problem.hint)
    if b"Denied" in body:
        assert "(text/html: Access Denied Policy 7 of ACME)" in str(problem)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(("headers", "body"), [({"request-id": "req_1"}, b""), ({}, BODY)])
def test_a_refusal_of_the_api_names_the_key(status: int, headers: dict[str, str], body: bytes) -> None:
    problem = refusal(FeedResponse(status, headers, body, via=VIA))

    assert isinstance(problem, FeedDeniedError)
    assert "the feed answered" in str(problem)
    assert "key" in str(problem.hint)


def test_a_page_of_a_gateway_is_quoted_and_waited_for() -> None:
    problem = refusal(FeedResponse(503, {"content-type": "text/html"}, b"<h1>Down for maintenance</h1>"))

    assert isinstance(problem, FeedBusyError)
    assert str(problem) == "the feed answered 503 (text/html: Down for maintenance), request-id: none"


def test_a_key_that_a_proxy_echoes_is_masked() -> None:
    said = str(refusal(FeedResponse(403, {}, b"blocked x-api-key: sk-ant-api01-TESTTESTTEST")))

    assert "TESTTEST" not in said


def test_an_endless_request_id_is_cut() -> None:
    assert len(str(refusal(FeedResponse(403, {"request-id": "r" * 100_000}, BODY)))) < 1000


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        ("Mon, 23 Nov 2026 12:01:30 GMT", "Mon, 23 Nov 2026 12:00:00 GMT", 90.0),
        ("Mon, 23 Nov 2026 12:01:30 GMT", None, 60.0),
        ("Monday, 23-Nov-26 12:01:30 GMT", "Mon, 23 Nov 2026 12:00:00 GMT", 90.0),
        ("Mon Nov 23 12:01:30 2026", "Mon, 23 Nov 2026 12:00:00 GMT", 90.0),
        ("Mon, 23 Nov 2026 13:01:30 +0100", "Mon, 23 Nov 2026 12:00:00 GMT", 90.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", "Mon, 23 Nov 2026 12:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 12:01:30 GMT", "yesterday", 60.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 23 Nov 2026 12:00:00 GMT", 251_606_865_599.0),
        ("Mon, 32 Nov 2026 12:00:00 GMT", None, None),
        ("9" * 26, None, float("9" * 26)),
        (" 7 ", None, 7.0),
        ("1e3", None, None),
        ("0x10", None, None),
        ("1_000", None, None),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", None, None),
        ("7" * 1000, None, float("inf")),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, date: str | None, seconds: float | None) -> None:
    headers = {"retry-after": header} | ({"date": date} if date else {})

    problem = refusal(FeedResponse(429, headers, b"", datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)))

    assert isinstance(problem, FeedBusyError)
    assert problem.retry_after == seconds


def test_a_long_explanation_is_cut() -> None:
    body = b'{"error":{"type":"api_error","message":"' + b"x" * 100_000 + b'"}}'

    assert len(str(refusal(FeedResponse(500, {}, body)))) < 1000
