"""Log lines: their shape, and that they never contain keys."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anthropic_audit.cli.logs import logging_watch, open_log
from anthropic_audit.model import Coverage, Purpose, Window
from anthropic_audit.progress import (
    CursorLost,
    Normalized,
    PageRead,
    Progress,
    Stored,
    Waiting,
    WalkFailed,
    WalkFinished,
    WalkStarted,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW)
KEY = "sk-ant-api01-TEST0000000000"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(event: Progress) -> list[dict[str, Any]]:
    stream = io.StringIO()
    logging_watch(open_log(stream))(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_time_and_level() -> None:
    (line,) = logged(Waiting(2.5, "busy"))

    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {"event": "waiting", "level": "warning", "seconds": 2.5, "reason": "busy"}


def test_a_terminal_gets_readable_lines() -> None:
    stream = Terminal()

    logging_watch(open_log(stream))(Waiting(2.5, "busy"))

    assert "waiting" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_keys_are_redacted_wherever_they_are() -> None:
    stream = io.StringIO()

    open_log(stream).info(f"got {KEY}", text=KEY, deep={"list": [KEY, 1, None]}, thing=ValueError(KEY))

    assert "TEST0000" not in stream.getvalue()
    assert json.loads(stream.getvalue())["deep"] == {"list": ["sk-ant-api01-***", 1, None]}


def test_a_finished_walk_says_what_it_brought() -> None:
    coverage = Coverage("acme", "{}", HOUR, Purpose.TAIL, "w", NOW, 3, 20, 12, "a", "b", "req_1")

    (line,) = logged(WalkFinished(coverage))

    assert line["covered_to"] == "2026-11-23T12:00:00Z"
    assert {name: line[name] for name in ("feed", "purpose", "pages", "activities", "new", "request_id")} == {
        "feed": "acme",
        "purpose": "tail",
        "pages": 3,
        "activities": 20,
        "new": 12,
        "request_id": "req_1",
    }


@pytest.mark.parametrize(
    ("event", "level"),
    [
        pytest.param(WalkFailed("acme", "denied", "make a new key"), "error", id="failure"),
        pytest.param(CursorLost("acme", NOW), "warning", id="lost cursor"),
        pytest.param(PageRead("acme", 5, NOW, 1), "warning", id="malformed activities"),
        pytest.param(Normalized(5, 9), "info", id="normalized"),
    ],
)
def test_what_an_operator_would_want_to_know_is_logged(event: Progress, level: str) -> None:
    (line,) = logged(event)

    assert line["level"] == level


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(WalkStarted("acme", HOUR, Purpose.TAIL), id="start"),
        pytest.param(PageRead("acme", 5, NOW, 0), id="page"),
        pytest.param(Stored("acme", 5, 5), id="stored"),
    ],
)
def test_each_single_step_is_not(event: Progress) -> None:
    assert logged(event) == []


ROOT = Path(__file__).resolve().parents[2]
LOGGED = re.compile(r'(?:log\.(?:info|warning|error)\(|_tell\(log,)\s*"([a-z ]+)"')


def test_every_event_and_every_metric_of_a_sink_is_documented() -> None:
    page = (ROOT / "docs" / "guides" / "collect.md").read_text()
    logged = {name for path in (ROOT / "src").rglob("*.py") for name in LOGGED.findall(path.read_text())}
    figures = (ROOT / "src" / "anthropic_audit" / "service" / "metrics.py").read_text()
    metrics = re.findall(r'_(?:counter|gauge)\("(sink_\w+)"', figures)

    assert "delivery failed" in logged
    assert {name for name in logged if f"`{name}`" not in page} == set()
    assert len(metrics) >= 3
    assert [name for name in metrics if f"`anthropic_audit_{name}" not in page] == []
