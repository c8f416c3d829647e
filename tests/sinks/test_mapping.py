"""Every type by every kind of actor in a real OpenSearch: no event is refused, and every field is found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_network
from random import Random
from typing import Any

import httpx2
import orjson
import pytest
from tests.engines.launch import Engine
from tests.sinks import places

from anthropic_audit.catalogue import load
from anthropic_audit.clock import SystemClock
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.enrich import open_enrichment
from anthropic_audit.model import Fate, Parcel
from anthropic_audit.schemas.fields import WITH_TEXT, all_fields
from anthropic_audit.settings import EnrichmentSettings
from anthropic_audit.simulator.world import World, WorldSettings
from anthropic_audit.sinks import open_sink

Document = dict[str, Any]
NOT_SEARCHED = {"event.original", "data_stream.namespace"}
"""Kept and not indexed; set to that of the stream when it is delivered."""


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """An event of each type by each kind of actor, by its id."""
    world = World(WorldSettings(seed=11, people=20), load())
    enrichment = open_enrichment(EnrichmentSettings(), lambda _: None)
    normalizer, options = Normalizer(load(), enrichment), Options(preserve_original_event=True)
    made = {}
    for kind in load().types.values():
        for actor in kind.actors:
            raw = orjson.dumps(world.example(kind.name, actor, Random(f"{kind.name} {actor}")))
            document = normalizer.document(raw, options)
            made[f"{kind.name}-{actor}"] = document
    return made


@pytest.fixture(scope="module")
def stream(opensearch: Engine, documents: dict[str, Document]) -> str:
    place = places.opensearch(opensearch)
    namespace = getattr(place.settings, "namespace", "")
    sink = open_sink(place.settings, None, SystemClock())
    parcels = []
    for seq, (name, document) in enumerate(documents.items(), start=1):
        placed = {**document, "data_stream": {**document["data_stream"], "namespace": namespace}}
        when = datetime.fromisoformat(document["@timestamp"])
        parcels.append(Parcel(seq, name, when, orjson.dumps(placed).decode()))
    fates = Counter[str]()
    for first in range(0, len(parcels), 1000):
        some = parcels[first : first + 1000]
        found = sink.deliver(some)
        fates.update(one.fate for one in found)
        assert [(parcel.id, one.reason) for parcel, one in zip(some, found, strict=True) if one.reason] == []
    sink.close()
    assert fates == {Fate.CREATED: len(documents)}
    stream = f"{opensearch.url}/logs-anthropic.audit-{namespace}"
    httpx2.post(f"{stream}/_refresh").raise_for_status()
    return stream


def samples(documents: dict[str, Document]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield for each field the first event that has it: field, type, the event's id, and one value."""
    kinds = {name: field.type for name, field in all_fields(load()).items()}
    seen: set[str] = set()
    for name, document in documents.items():
        for field, value in leaves(document, kinds):
            if field not in seen and value not in ("", None):
                seen.add(field)
                yield field, kinds[field], name, value


def leaves(document: Document, kinds: dict[str, str], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        here = f"{path}{name}"
        if here in kinds:
            yield here, value[0] if isinstance(value, list) and value else value
        elif isinstance(value, dict):
            yield from leaves(value, kinds, f"{here}.")


def queries(field: str, kind: str, value: Any) -> list[Document]:
    """Return the ways to search a field of this type for a value."""
    as_number = [{"term": {field: value}}, {"range": {field: {"gte": value, "lte": value}}}]
    ways: dict[str, Callable[[], list[Document]]] = {
        "date": lambda: [{"range": {field: {"gte": value, "lt": later(value)}}}],
        "double": lambda: as_number,
        "flattened": lambda: [{"term": {path: text}} for path, text in parts(field, value)][:3],
        "float": lambda: as_number,
        "geo_point": lambda: [{"geo_distance": {"distance": "1km", field: value}}],
        "ip": lambda: [{"term": {field: value}}, {"term": {field: network(value)}}],
        "long": lambda: as_number,
        "match_only_text": lambda: [{"match": {field: value}}],
        "wildcard": lambda: [{"wildcard": {field: f"{str(value)[:20]}*"}}],
    }
    words = [{"match": {f"{field}.text": value}}] if field in WITH_TEXT else []
    found = ways.get(kind)
    return [{"term": {field: value}}, {"exists": {"field": field}}, *words] if found is None else found()


def later(time: str) -> str:
    return (datetime.fromisoformat(time) + timedelta(minutes=1)).isoformat()


def network(address: str) -> str:
    return str(ip_network(f"{address}/{64 if ':' in address else 24}", strict=False))


def parts(field: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the searchable leaves of a value with members."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if "." not in name:
                yield from parts(f"{field}.{name}", inner)
    elif isinstance(value, str) and 0 < len(value) < 200:
        yield field, value


def test_no_event_of_any_type_is_refused(stream: str, documents: dict[str, Document]) -> None:
    found = httpx2.post(f"{stream}/_search", json={"size": 0, "track_total_hits": True}).json()

    assert found["hits"]["total"]["value"] == len(documents) > 3500


def test_every_field_is_found_by_what_it_holds(stream: str, documents: dict[str, Document]) -> None:
    asked = [
        (field, kind, name, query)
        for field, kind, name, value in samples(documents)
        if field not in NOT_SEARCHED
        for query in queries(field, kind, value)
    ]
    missed = []
    for first in range(0, len(asked), 200):
        some = asked[first : first + 200]
        lines: list[bytes] = []
        for _, _, name, query in some:
            both = {"bool": {"filter": [query, {"ids": {"values": [name]}}]}}
            lines += [b"{}", orjson.dumps({"size": 1, "_source": False, "query": both})]
        answer = httpx2.post(
            f"{stream}/_msearch",
            content=b"\n".join([*lines, b""]),
            headers={"content-type": "application/x-ndjson"},
            timeout=60,
        ).json()
        for (field, kind, _, query), one in zip(some, answer["responses"], strict=True):
            hits = one.get("hits", {}).get("hits")
            if not hits:
                missed.append((field, kind, query, one.get("error", {}).get("reason", "no hit")))

    assert missed == []
    assert len({field for field, _, _, _ in asked}) > 300
    assert {kind for _, kind, _, _ in asked} >= {"keyword", "long", "date", "ip", "geo_point", "constant_keyword"}


def test_events_are_counted_by_hour_and_by_field(stream: str, documents: dict[str, Document]) -> None:
    body = {
        "size": 0,
        "aggs": {
            "actions": {"terms": {"field": "event.action", "size": 1000}},
            "hours": {"date_histogram": {"field": "@timestamp", "fixed_interval": "1h"}},
            "addresses": {"cardinality": {"field": "source.ip"}},
        },
    }
    found = httpx2.post(f"{stream}/_search", json=body).json()["aggregations"]

    assert len(found["actions"]["buckets"]) == len({one["event"]["action"] for one in documents.values()})
    assert sum(bucket["doc_count"] for bucket in found["hours"]["buckets"]) == len(documents)
    assert found["addresses"]["value"] > 0
