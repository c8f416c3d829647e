"""The enrichment that the settings describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.enrich import free_database, open_enrichment
from anthropic_audit.settings import EnrichmentSettings
from anthropic_audit.simulator.world.places import PLACES

from .conftest import WriteDatabase

RAW = (
    b'{"id":"activity_1","type":"claude_chat_created","created_at":"2026-11-23T09:00:00.123456Z","actor":{"type":'
    b'"user_actor","email_address":"a@acme.example","user_id":"user_1","ip_address":"203.0.113.5",'
    b'"user_agent":"curl/8.4.0"}}'
)


def test_named_files_are_the_ones_that_count(database: WriteDatabase) -> None:
    path = database({"203.0.113.0/24": {"country_code": "ES"}})
    said: list[str] = []
    enrichment = open_enrichment(EnrichmentSettings(geoip_files=(str(path),)), said.append)

    assert enrichment.of_address("203.0.113.5")["geo"]["country_iso_code"] == "ES"
    assert enrichment.of_address("8.8.8.8") == {}
    assert enrichment.of_user_agent("curl/8.4.0")["name"] == "curl"
    assert said == []


def test_user_agents_can_be_left_whole() -> None:
    assert open_enrichment(EnrichmentSettings(user_agent=False), print).of_user_agent("curl/8.4.0") == {}


def test_events_follow_a_database_that_changes(database: WriteDatabase) -> None:
    path = database({"203.0.113.0/24": {"country_code": "ES"}})
    normalizer = Normalizer(load(), open_enrichment(EnrichmentSettings(geoip_files=(str(path),)), print))

    def country() -> str | None:
        normalizer.refresh()
        ((text, _),) = normalizer.events([RAW], Options())
        return next((code for code in ("ES", "IT") if f'"country_iso_code":"{code}"'.encode() in text), None)

    assert country() == "ES"
    database({"203.0.113.0/24": {"country_code": "IT"}})
    assert country() == "IT"
    Path(path).unlink()
    assert country() == "IT"


@pytest.mark.skipif(
    free_database() is None, reason="the free city database is missing: pip install anthropic-audit[geo]"
)
def test_the_free_database_knows_where_simulated_people_are() -> None:
    enrichment = open_enrichment(EnrichmentSettings(), print)

    found = {place.name: enrichment.of_address(f"{place.office}.1")["geo"]["country_iso_code"] for place in PLACES}

    assert found == {
        "New York": "US",
        "San Francisco": "US",
        "Dublin": "IE",
        "Berlin": "DE",
        "Bengaluru": "IN",
        "Tokyo": "JP",
    }
