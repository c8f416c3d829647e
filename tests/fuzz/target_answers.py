"""A response of the feed to the real client: an input is status and headers, an empty line, and the body."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx2

from anthropic_audit.errors import AuditError
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.feed.retry import RetryingFeed, RetryPolicy
from anthropic_audit.model import Query, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock

SHORT_RUNS: Final = 600
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY: Final = "sk-ant-api01-TEST-of-the-fuzzer"
TOKENS: Final = (
    b"200\n",
    b"429\n",
    b"503\n",
    b"400\n",
    b"retry-after: ",
    b"date: ",
    b"x-should-retry: false\n",
    b"request-id: ",
    b"anthropic-ratelimit-requests-limit: ",
    b"anthropic-ratelimit-requests-remaining: ",
    b"anthropic-ratelimit-requests-reset: ",
    b"9" * 26,
    b"9" * 400,
    b"1e308",
    b"nan",
    b"-1",
    b"Mon, 23 Nov 2026 12:00:00 GMT",
    b"2026-11-23T12:00:30Z",
    b"9999-12-31T23:59:59-14:00",
    b'\n\n{"data":[],"has_more":false,"first_id":null,"last_id":null}',
    b'\n\n{"type":"error","error":{"type":"x","message":"y"}}',
)
_MAX_MESSAGE_CHARS: Final = 4_000
_WINDOW: Final = Window(NOW - timedelta(hours=1), NOW)


class _Server:
    """Answers every request with the response of an input."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, list[tuple[bytes, bytes]](), b""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self.status, headers=self.headers, content=self.body, request=request)


_SERVER: Final = _Server()
_CLIENT: Final = FeedClient(
    FeedSettings.model_validate({"url": "https://feed.example"}),
    Secret(KEY),
    FakeClock(NOW),
    budget=Budget(FakeClock(NOW), ignore_progress),
    transport=httpx2.MockTransport(_SERVER),
)


def check(data: bytes) -> None:
    """Request a page twice, the second time after the rate limit headers of the first response."""
    head, _, _SERVER.body = data.partition(b"\n\n")
    _SERVER.status, _SERVER.headers = _read(head)
    clock = FakeClock(NOW)
    client = copy(_CLIENT)
    client._clock, client._budget = clock, Budget(clock, ignore_progress)
    feed = RetryingFeed(client, clock, retry=RetryPolicy(), watch=ignore_progress, chance=lambda: 0.5)
    for _ in range(2):
        try:
            page = feed.read_page(Query(_WINDOW))
        except AuditError as error:
            assert KEY not in f"{error}{error.hint}", "a message contains the key"
            assert len(str(error)) <= _MAX_MESSAGE_CHARS, "a long message"
        else:
            assert page.received_at >= NOW, "a page of another time"
    assert clock.now() - NOW < timedelta(days=2), "waited for days"


def _read(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return a status and headers that a server can send."""
    first, *lines = head.split(b"\n")
    status = int(first) if first.isdigit() and len(first) == 3 else 200
    pairs = [line.partition(b":")[::2] for line in lines if b":" in line]
    made = [
        (name.strip(), value.strip(b" \t\r\x00")) for name, value in pairs if name.strip().isalnum() or b"-" in name
    ]
    return min(max(status, 200), 599), [(name, value) for name, value in made if name.isascii()][:50]
