"""The contract of all sinks, against real targets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.collecting import House, settings
from tests.sinks import places
from tests.sinks.places import Place
from tests.sinks.receiver import Receiver

from anthropic_audit.archive import DeliveryLedger, open_reader
from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import Deliverer, Follower, Limits, Prepare, Sender
from anthropic_audit.delivery.prepare import Write
from anthropic_audit.errors import SinkBusyError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import Rejection
from anthropic_audit.processors import Processors
from anthropic_audit.progress import ignore_progress
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.sinks import open_sink

KINDS = (
    pytest.param("opensearch", marks=pytest.mark.opensearch),
    pytest.param("elasticsearch", marks=pytest.mark.elasticsearch),
    pytest.param("kafka", marks=pytest.mark.kafka),
    "http",
    "splunk_hec",
    "otlp",
)
"""Targets that can be away; files can't."""
SHORT = RetryPolicy(give_up_after=timedelta(seconds=1), first_seconds=0.2, longest_seconds=0.5)
LONG = RetryPolicy(give_up_after=timedelta(minutes=5), first_seconds=0.2, longest_seconds=1.0)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    small = WorldSettings(seed=5, activities_per_day=600, people=30)
    house = House(tmp_path_factory.mktemp("full") / "archive", settings(world=small))
    house.collect(house.feed())
    return house


@pytest.fixture(params=[*KINDS, "ndjson"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind = request.param
    if kind in ("opensearch", "elasticsearch", "kafka"):
        engine = request.getfixturevalue(kind)
        yield getattr(places, kind)(engine)
        engine.start()
    elif kind == "ndjson":
        yield places.ndjson(tmp_path)
    else:
        receiver = Receiver()
        yield places.web(kind, receiver)
        receiver.stop()


@contextmanager
def follower(
    house: House, place: Place, name: str, *, prepare: Prepare | None = None, retry: RetryPolicy = LONG
) -> Iterator[Deliverer]:
    clock = SystemClock()
    sink = open_sink(place.settings, place.secret, clock)
    limits = Limits(place.settings.batch_events, place.settings.batch_bytes, 1 if place.settings.to == "ndjson" else 4)
    try:
        with (
            DeliveryLedger(str(house.folder), name, clock.now()) as ledger,
            Sender(sink, limits, clock, retry=retry, watch=ignore_progress, chance=lambda: 0.5) as sender,
        ):
            yield Deliverer(ledger, sender, prepare or preparing(place), clock=clock, watch=ignore_progress)
    finally:
        sink.close()


def preparing(place: Place, write: Write | None = None) -> Prepare:
    return Prepare(Processors(), write, getattr(place.settings, "namespace", None))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in request.node.name)[-60:].strip("-")


def deliver(
    house: House, place: Place, name: str, *, prepare: Prepare | None = None, retry: RetryPolicy = LONG
) -> list[Rejection]:
    with follower(house, place, name, prepare=prepare, retry=retry) as errands:
        Follower(errands).catch_up(open_reader(str(house.folder)))
        return errands.ledger.rejections()


def stored(house: House, place: Place) -> dict[str, Any]:
    with open_reader(str(house.folder)).connect() as connection:
        rows = connection.sql("SELECT id, document FROM events").fetchall()
    documents = {name: orjson.loads(document) for name, document in rows}
    for document in documents.values():
        document["data_stream"]["namespace"] = getattr(place.settings, "namespace", "default")
    return documents


def position(house: House, name: str) -> int:
    with DeliveryLedger(str(house.folder), name, house.clock.now(), moves=False) as ledger:
        return ledger.position


@pytest.mark.sampled(4)
@pytest.mark.timeout(600)
def test_everything_comes_there_as_it_is(house: House, place: Place, name: str) -> None:
    rejected = deliver(house, place, name)
    assert {one.reason for one in rejected} == set()

    found = place.read()
    assert dict(found) == stored(house, place)
    assert len(found) == len(stored(house, place))
    assert position(house, name) == len(found)


@pytest.mark.sampled(3)
@pytest.mark.timeout(600)
def test_what_is_delivered_twice_is_there_once_where_the_target_can_tell(house: House, place: Place, name: str) -> None:
    deliver(house, place, name)
    deliver(house, place, f"{name}-2")

    found = place.read()
    assert dict(found) == stored(house, place)
    assert len(found) == len(stored(house, place)) * (1 if place.tells_repeats else 2)


@pytest.mark.sampled(2)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_bad_events_are_rejected_and_all_others_are_there(house: House, place: Place, name: str) -> None:
    assert place.poison is not None
    poison, bad = place.poison, set(list(stored(house, place))[5:400:40])

    def write(document: dict[str, Any]) -> bytes:
        return orjson.dumps(poison(document) if document["event"]["id"] in bad else document)

    rejected = deliver(house, place, name, prepare=preparing(place, write))

    assert {one.id for one in rejected} == bad
    assert all(one.reason for one in rejected)
    assert {name for name, _ in place.read()} == stored(house, place).keys() - bad
    assert position(house, name) == len(stored(house, place))


@pytest.mark.sampled(2)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_target_that_goes_away_and_comes_back_loses_nothing(house: House, place: Place, name: str) -> None:
    """It goes away in the middle, is away when another sink begins, and comes back while the first one waits."""
    sent = threading.Event()

    def write(document: dict[str, Any]) -> bytes:
        if document["event"]["id"] == middle:
            sent.set()
        return orjson.dumps(document)

    middle = list(stored(house, place))[len(stored(house, place)) // 2]

    def go_away() -> None:
        sent.wait(60)
        place.stop()

    going = threading.Thread(target=go_away)
    going.start()
    with suppress(SinkBusyError):  # or everything was there before it was gone
        deliver(house, place, name, prepare=preparing(place, write), retry=SHORT)
    going.join()
    coming = threading.Thread(target=place.start)
    try:
        with pytest.raises(SinkBusyError):
            deliver(house, place, f"{name}-late", retry=SHORT)
        assert position(house, f"{name}-late") == 0
    finally:
        coming.start()
    deliver(house, place, name)
    coming.join()

    found = place.read()
    assert dict(found) == stored(house, place)
    if place.tells_repeats:
        assert len(found) == len(stored(house, place))


@pytest.mark.parametrize("kind", ["http", "splunk_hec", "otlp"])
def test_a_slow_answer_is_waited_for_and_a_late_one_is_sent_again(house: House, kind: str, name: str) -> None:
    receiver = Receiver()
    place = places.web(kind, receiver)
    place = replace(place, settings=place.settings.model_copy(update={"timeout": timedelta(seconds=0.3)}))
    receiver.delay_seconds = 0.6
    threading.Timer(1.5, lambda: setattr(receiver, "delay_seconds", 0.0)).start()

    deliver(house, place, name)
    receiver.stop()

    assert dict(place.read()) == stored(house, place)
