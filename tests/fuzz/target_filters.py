"""Filters, words and times of the command line: each is refused with a message, or answered."""

from __future__ import annotations

from typing import Final

from tests.fuzz.events import CONNECTION, KNOWN, NOW

from anthropic_audit.errors import SetupError
from anthropic_audit.query import SearchRequest, check_fields, parse_condition, run
from anthropic_audit.times import parse_time

SHORT_RUNS: Final = 400
TOKENS: Final = (
    b"=",
    b"!=",
    b">=",
    b"<",
    b"*",
    b"event.action",
    b"source.ip=10.0.0.0/8",
    b"source.ip=::/0",
    b"http.response.status_code",
    b"@timestamp>now-1h",
    b"seq=",
    b"feed=",
    b"anthropic.audit.metadata.",
    b"1e999",
    b"9" * 400,
    b"\x00",
    b"\xff",
    b"e\xcc\x81",
)


def check(data: bytes) -> None:
    """Search with the three lines of an input: a filter, a word, a start time."""
    condition, word, since = [*data.decode("utf-8", "surrogateescape").split("\n", 2), "", "", ""][:3]
    try:
        conditions = (parse_condition(condition),) if condition else ()
        check_fields([one.field for one in conditions], KNOWN)
        start = parse_time(since, NOW) if since else None
        list(run(CONNECTION, SearchRequest(start, None, conditions, (word,) if word else ()), NOW))
    except SetupError:
        pass
