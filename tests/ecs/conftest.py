"""Activities to normalize."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options

Json = Any
Normalize = Callable[..., dict[str, Json]]

ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "198.51.100.10",
    "user_agent": "Mozilla/5.0",
}


@pytest.fixture(scope="session")
def normalizer() -> Normalizer:
    """Return one normalizer for all tests, as in production."""
    return Normalizer(load())


@pytest.fixture
def normalize(normalizer: Normalizer) -> Normalize:
    """Return the document of an activity by Alice with these fields; a field with the value `...` is left out."""

    def normalize(kind: str = "claude_chat_created", options: Options | None = None, **fields: Json) -> dict[str, Json]:
        activity = {
            "id": "activity_1",
            "created_at": "2026-05-22T09:00:00Z",
            "organization_id": "org_1",
            "organization_uuid": "0000-1",
            "actor": ALICE,
            "type": kind,
            **fields,
        }
        sent = {name: value for name, value in activity.items() if value is not ...}
        return normalizer.document(orjson.dumps(sent), options or Options())

    return normalize


@pytest.fixture
def received() -> Options:
    """Return options with a known time of receiving."""
    return Options(received_at=datetime(2026, 5, 22, 11, 1, 0, 250_999, tzinfo=timezone(timedelta(hours=2))))
