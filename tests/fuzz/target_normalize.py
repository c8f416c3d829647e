"""Normalizing an activity: fast path and general path agree, and the archive can store the document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from tests.fuzz import laws

from anthropic_audit.archive.columns import columns_of
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options, SentenceWriter, to_json
from anthropic_audit.ecs.normalizer import is_expected
from anthropic_audit.enrich import open_enrichment
from anthropic_audit.settings import EnrichmentSettings

Json = Any

IS_JSON: Final = True
SHORT_RUNS: Final = 1_500
TOKENS: Final = (
    b'"type":"',
    b'"created_at":"2026-05-22T09:00:00Z"',
    b'"actor":{',
    b'"updates":[{"name":"x","previous_value":"a","new_value":"b"}]',
    b'"previous_role":"a","current_role":"b"',
    b'"url":"https://a:b@c"',
    b'"ip_address":"',
    b'"user_agent":"Mozilla/5.0',
)
RECEIVED: Final = Options(received_at=datetime(2026, 5, 22, 11, 1, tzinfo=UTC))

_CATALOGUE = load()
_NORMALIZER = Normalizer(_CATALOGUE, open_enrichment(EnrichmentSettings(), lambda _: None))
_SENTENCE = SentenceWriter(_CATALOGUE).write
_MAX_SENTENCE_CHARS: Final = 4_000


def check(data: bytes) -> None:
    """Normalize an activity."""
    ((text, is_known),) = _NORMALIZER.events([data])
    document = _NORMALIZER.document(data)
    read = laws.read(text)
    assert read == laws.read(to_json(document)), "the fast path makes another document"
    assert is_known == is_expected(document), "the fast path disagrees on whether the activity is expected"
    laws.check_size(text, data)
    laws.check_depth(read)
    assert isinstance(read["event"]["kind"], str), "no event.kind"
    assert len(_SENTENCE(read)) <= _MAX_SENTENCE_CHARS, "a long sentence"
    columns_of([text])
    _check_envelope(data)


def _check_envelope(data: bytes) -> None:
    """Check that an event with a known time of receipt has a time, and the id as sent."""
    document = _NORMALIZER.document(data, RECEIVED)
    assert isinstance(document["@timestamp"], str), "no time"
    try:
        activity = json.loads(data.decode())
    except (ValueError, RecursionError):
        return
    identity = activity.get("id") if isinstance(activity, dict) else None
    if isinstance(identity, str) and identity and identity.isprintable() and len(identity) < 500:
        assert document["event"]["id"] == identity, "another id"
