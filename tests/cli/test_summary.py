"""The summary line of an event."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from anthropic_audit.cli.summary import SUMMARY
from anthropic_audit.query import SearchHit


def told(column: str, document: dict[str, Any]) -> object:
    return SUMMARY[column](SearchHit(1, "acme", orjson.dumps(document).decode()))


@pytest.mark.parametrize(
    ("column", "document", "text"),
    [
        pytest.param("time", {"@timestamp": "2026-11-23T12:00:00.123Z"}, "2026-11-23T12:00:00Z", id="time"),
        pytest.param("time", {}, "", id="no time"),
        pytest.param("action", {"event": {"action": "x"}}, "x", id="action"),
        pytest.param("actor", {"user": {"email": "a@b", "id": "user_a"}}, "a@b", id="a person by address"),
        pytest.param("actor", {"user": {"id": "user_a"}}, "user_a", id="a person by id"),
        pytest.param(
            "actor",
            {"anthropic": {"audit": {"actor": {"type": "api_actor", "name": "API key apikey_1"}}}},
            "API key apikey_1",
            id="a key",
        ),
        pytest.param(
            "actor", {"anthropic": {"audit": {"actor": {"type": "system_actor"}}}}, "system_actor", id="a kind"
        ),
        pytest.param("outcome", {"event": {"outcome": "failure"}}, "failure", id="outcome"),
        pytest.param("source", {"source": {"ip": "192.0.2.1"}}, "192.0.2.1", id="address"),
        pytest.param(
            "source",
            {"source": {"ip": "192.0.2.1", "geo": {"country_iso_code": "CH"}}},
            "192.0.2.1 CH",
            id="address and country",
        ),
        pytest.param("target", {"user": {"target": {"email": "b@c"}}, "file": {"name": "f"}}, "b@c", id="whom"),
        pytest.param("target", {"file": {"name": "f"}}, "f", id="file"),
        pytest.param(
            "target",
            {"anthropic": {"audit": {"group_id": "group_1", "group_name": "Sales", "organization_uuid": "1"}}},
            "Sales",
            id="a name before an id",
        ),
        pytest.param("target", {"anthropic": {"audit": {"claude_chat_id": "c"}}}, "c", id="an id"),
        pytest.param("target", {"anthropic": {"audit": {"organization_uuid": "u"}}}, None, id="nothing"),
        pytest.param("target", {}, None, id="nothing at all"),
    ],
)
def test_a_column_tells_the_best_there_is(column: str, document: dict[str, Any], text: object) -> None:
    assert told(column, document) == text
