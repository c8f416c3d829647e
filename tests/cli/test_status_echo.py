"""`status` on our own requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console
from tests.serving import key
from typer.testing import Result

from anthropic_audit.cli.status_echo import print_accesses
from anthropic_audit.model import Filters
from anthropic_audit.simulator import Server
from anthropic_audit.status.echoes import Accesses, Echo, Spender, Stranger, can_hear

Run = Callable[..., Result]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def printed(found: Accesses) -> str:
    console = Console(width=200, record=True, file=StringIO())
    print_accesses(console, found)
    return console.export_text()


def test_echoes_are_told() -> None:
    found = Accesses(
        [
            Echo("acme", 12, 11, NOW, timedelta(seconds=312), timedelta(minutes=9)),
            Echo("quiet", 12, 0, None, None, None),
        ],
        [],
        [Spender("API key k", "anthropic-audit", 12, is_ours=True)],
    )

    text = printed(found)

    assert "acme: alive: echoes of 11 of our 12 requests of the last day, typically within 5m12s" in text
    assert "quiet: SILENT: no echo of our 12 requests" in text
    assert "requests to the Compliance API" not in text, "nobody else sends any"


def test_others_are_told() -> None:
    stranger = Stranger(NOW, "apikey_1", "203.0.113.5", "curl/8", 200, "/v1/compliance/activities", "req_1")
    spent = [
        Spender("API key k", "tool/1", 700, is_ours=False),
        Spender("API key k", "anthropic-audit", 12, is_ours=True),
    ]

    text = printed(Accesses([], [stranger], spent))

    assert "requests to the Compliance API in the last day: API key k (tool/1) 700, ours 12" in text
    assert "NOT OURS: apikey_1 was used at 2026-11-23T12:00:00" in text
    assert "203.0.113.5 (curl/8)" in text


@pytest.mark.parametrize(
    ("filters", "hears"),
    [
        (Filters(), True),
        (Filters(activity_types=("compliance_api_accessed",)), True),
        (Filters(activity_types=("claude_chat_viewed",)), False),
        (Filters(exclude_activity_types=("compliance_api_accessed",)), False),
        (Filters(exclude_activity_types=("claude_chat_viewed",)), True),
        (Filters(actor_ids=("user_1",)), False),
        (Filters(organization_ids=("org_1",)), True),
    ],
)
def test_only_feeds_that_can_hear_are_listened_to(filters: Filters, hears: bool) -> None:
    assert can_hear(filters) == hears


def test_status_has_them_for_programs(run: Run, server: Server) -> None:
    run("collect", "--url", server.url, env={"ANTHROPIC_COMPLIANCE_ACCESS_KEY": key(server)})

    told = json.loads(run("status", "--format", "json").stdout)

    assert told["strangers"] == []
    assert {"echoes", "spenders"} <= set(told)
