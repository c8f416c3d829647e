from __future__ import annotations

import pytest

from anthropic_audit.errors import (
    AuditError,
    FeedBusyError,
    FeedContractError,
    FeedDeniedError,
    FeedRefusedError,
)
from anthropic_audit.feed.answers import Answer, refusal

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
        pytest.param(418, {}, FeedContractError, id="anything else"),
    ],
)
def test_a_status_says_what_to_do_next(status: int, headers: dict[str, str], expected: type[AuditError]) -> None:
    problem = refusal(Answer(status, {"request-id": "req_7", **headers}, BODY))

    assert type(problem) is expected
    assert "req_7" in str(problem)
    assert "evil" not in str(problem)


def test_a_yes_is_no_problem() -> None:
    assert refusal(Answer(200, {}, b"")) is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), ("-1", None), ("inf", None), ("nan", None)]
)
def test_retry_after_is_taken_over_when_it_is_a_time(header: str, seconds: float | None) -> None:
    problem = refusal(Answer(429, {"retry-after": header}, b""))

    assert isinstance(problem, FeedBusyError)
    assert problem.retry_after == seconds


def test_the_words_of_the_api_are_quoted_without_keys() -> None:
    body = b'{"error":{"type":"authentication_error","message":"unknown key sk-ant-api01-TESTTEST"}}'

    said = str(refusal(Answer(401, {}, body)))

    assert "authentication_error: unknown key sk-ant-api01-***" in said
    assert "TESTTEST" not in said


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"error":"odd"}', b"[]", b'{"error":{"type":7}}'])
def test_a_body_that_explains_nothing_is_left_out(body: bytes) -> None:
    assert str(refusal(Answer(503, {}, body))) == "the feed answered 503, request-id: none"


def test_a_long_explanation_is_cut() -> None:
    body = b'{"error":{"type":"api_error","message":"' + b"x" * 100_000 + b'"}}'

    assert len(str(refusal(Answer(500, {}, body)))) < 1000
