"""Checks of refused logins."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import httpx2
from tests.console.conftest import Served
from tests.console.identity import (
    Provider,
    log_in,
)

SESSION = "anthropic_audit_session"


def assert_refused(answer: httpx2.Response, client: httpx2.Client, provider: Provider, *said: str) -> None:
    """Check that a response is a refusal page with the texts, without secrets and without a session."""
    assert answer.status_code in {403, 429, 503}, answer.text
    assert "<h1>Log in</h1>" in answer.text
    assert 'role="alert"' in answer.text
    for words in said:
        assert words in answer.text.replace("&#39;", "'")
    assert not [secret for secret in provider.secrets if secret in answer.text]
    assert SESSION not in client.cookies
    assert client.get("/").status_code == 303


def refused(served: Served, provider: Provider, *said: str) -> None:
    client, answer = log_in(served, provider)
    assert_refused(answer, client, provider, *said)


def segment(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
