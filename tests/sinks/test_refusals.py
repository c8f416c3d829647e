"""Refusals of real clusters: they are retried, split, or reported to the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import shake_256

import httpx2
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.engines.launch import Engine
from tests.engines.plugin import Make
from tests.sinks import places
from tests.sinks.places import Place

from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import Limits, Sender
from anthropic_audit.errors import SinkBusyError, SinkDeniedError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import Fate, Parcel
from anthropic_audit.progress import Progress, Waiting
from anthropic_audit.sinks import open_sink

PATIENCE = RetryPolicy(give_up_after=timedelta(minutes=3), first_seconds=0.1, longest_seconds=1.0)
SHORT = RetryPolicy(give_up_after=timedelta(seconds=1), first_seconds=0.1, longest_seconds=0.5)


def parcels(number: int, size: int = 200) -> list[Parcel]:
    when = datetime.now(UTC)
    document = f'{{"@timestamp":"{when:%Y-%m-%dT%H:%M:%SZ}","message":"{"x" * size}"}}'
    return [Parcel(seq, f"activity_{seq}", when, document) for seq in range(1, number + 1)]


@contextmanager
def sender(place: Place, limits: Limits, told: list[Progress], patience: RetryPolicy = PATIENCE) -> Iterator[Sender]:
    clock = SystemClock()
    sink = open_sink(place.settings, None, clock)
    with Sender(sink, limits, clock, retry=patience, watch=told.append, chance=lambda: 0.5) as one:
        yield one
    sink.close()


def brought(place: Place, sent: Sequence[Parcel], limits: Limits, patience: RetryPolicy = PATIENCE) -> list[Progress]:
    """Deliver, and return the progress events; every event must have been created."""
    told: list[Progress] = []
    with sender(place, limits, told, patience) as one:
        fates = [verdict.fate for _, verdict in one.send(sent, carefully=False)]
    assert fates == [Fate.CREATED] * len(sent)
    assert sorted(name for name, _ in place.read()) == sorted(parcel.id for parcel in sent)
    return told


def is_told(told: Sequence[Progress], text: str) -> bool:
    return any(isinstance(one, Waiting) and text in one.reason for one in told)


@pytest.fixture(scope="session")
def narrow(make_opensearch: Make) -> Iterator[Engine]:
    """A cluster that takes two bulk requests at once, of at most 1 MB each."""
    settings = {"thread_pool.write.size": "1", "thread_pool.write.queue_size": "1", "http.max_content_length": "1mb"}
    with make_opensearch(settings) as engine:
        yield engine


def test_a_cluster_whose_queue_is_full_gets_everything_in_the_end(narrow: Engine) -> None:
    told = brought(places.opensearch(narrow), parcels(3000), Limits(20, 10**6, 16))

    assert is_told(told, "rejected")


def test_a_cluster_without_memory_for_all_requests_gets_everything_in_the_end(make_opensearch: Make) -> None:
    with make_opensearch({"indexing_pressure.memory.limit": "64kb"}) as engine:
        told = brought(places.opensearch(engine), parcels(3000), Limits(200, 10**6, 16))

    assert is_told(told, "429")


def test_a_request_that_is_too_large_is_sent_in_parts(narrow: Engine) -> None:
    noise = [
        Parcel(one.seq, one.id, one.timestamp, one.document.replace("x" * 200, _noise(one.seq))) for one in parcels(400)
    ]

    brought(places.opensearch(narrow), noise, Limits(400, 10**8, 1))


def _noise(seed: int) -> str:
    """Return 8,000 characters that do not compress."""
    return shake_256(str(seed).encode()).hexdigest(4000)


def block(engine: Engine, stream: str, *, name: str, is_on: bool) -> None:
    answer = httpx2.put(f"{engine.url}/{stream}/_settings", json={f"index.blocks.{name}": is_on})
    answer.raise_for_status()


@pytest.mark.parametrize("name", ["write", "read_only_allow_delete"])
def test_a_blocked_index_is_waited_for_and_rejects_nothing(opensearch: Engine, name: str) -> None:
    place = places.opensearch(opensearch)
    stream = getattr(place.settings, "data_stream", "")
    brought(place, parcels(1), Limits(10, 10**6, 1))
    block(opensearch, stream, name=name, is_on=True)
    told: list[Progress] = []

    with sender(place, Limits(10, 10**6, 1), told, SHORT) as one, pytest.raises(SinkBusyError):
        list(one.send(parcels(5)[1:], carefully=False))
    assert is_told(told, "block")

    block(opensearch, stream, name=name, is_on=False)
    with sender(place, Limits(10, 10**6, 1), told) as one:
        assert {verdict.fate for _, verdict in one.send(parcels(5)[1:], carefully=True)} == {Fate.CREATED}


def test_a_cluster_without_memory_left_is_waited_for(opensearch: Engine) -> None:
    place = places.opensearch(opensearch)
    wanted = {"transient": {"indices.breaker.total.limit": "1kb"}}
    httpx2.put(f"{opensearch.url}/_cluster/settings", json=wanted).raise_for_status()
    told: list[Progress] = []
    try:
        with sender(place, Limits(10, 10**6, 1), told, SHORT) as one, pytest.raises(SinkBusyError):
            list(one.send(parcels(5), carefully=False))
    finally:
        back = {"transient": {"indices.breaker.total.limit": None}}
        httpx2.put(f"{opensearch.url}/_cluster/settings", json=back)

    assert is_told(told, "429")
    brought(place, parcels(5), Limits(10, 10**6, 1))


def test_a_wrong_address_is_said_to_a_person_and_rejects_nothing(opensearch: Engine) -> None:
    settings = places.sink(to="opensearch", urls=[f"{opensearch.url}/no/such/path"], namespace="none")
    place = Place(settings, list, opensearch.stop, opensearch.start)

    with sender(place, Limits(10, 10**6, 1), []) as one, pytest.raises(SinkDeniedError, match="refuses every event"):
        list(one.send(parcels(100), carefully=False))


def test_a_producer_that_has_come_to_its_end_is_told_from_a_broker_that_is_busy(kafka: Engine) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    topic = NewTopic("short-messages", 1, 1, config={"max.message.bytes": "1000"})
    admin.create_topics([topic])[topic.topic].result()
    options = {"enable.gapless.guarantee": "true", "compression.type": "none"}
    settings = places.sink(to="kafka", brokers=[kafka.bootstrap], topic=topic.topic, options=options)
    sink = open_sink(settings, None, SystemClock())

    with pytest.raises(SinkDeniedError, match="this producer can't continue"):
        sink.deliver(parcels(1, 5000))
    with pytest.raises(SinkDeniedError, match="this producer can't continue"):
        sink.deliver(parcels(1))
    sink.close()

    again = open_sink(settings, None, SystemClock())
    assert [one.fate for one in again.deliver(parcels(1))] == [Fate.CREATED]
    again.close()
