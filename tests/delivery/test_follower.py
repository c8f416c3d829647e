"""A sink's position moves past settled events only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.collecting import House, settings
from tests.delivery.memory import MemoryPlace, Troubles

from anthropic_audit.archive import DeliveryLedger, open_reader, open_writer
from anthropic_audit.delivery import Deliverer, Follower, Limits, Prepare, Sender, replay, send_again
from anthropic_audit.errors import ArchiveBusyError, SinkBusyError, SinkDeniedError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import DeliveryPurpose, Window
from anthropic_audit.processors import Processors
from anthropic_audit.processors.conditions import EventCondition
from anthropic_audit.progress import Delivered
from anthropic_audit.status.sinks import rejections, sink_standings


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> House:
    """An archive with some thousand events; tests deliver them to sinks of their own names."""
    house = House(tmp_path_factory.mktemp("full") / "archive", settings())
    house.collect(house.feed())
    return house


@pytest.fixture
def sink(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)[:60].replace("[", "-").replace("]", "").lower()


@contextmanager
def errands(
    house: House, sink: str, place: MemoryPlace, prepare: Prepare | None = None, *, moves: bool = True
) -> Iterator[Deliverer]:
    patience = RetryPolicy(give_up_after=timedelta(minutes=2))
    with (
        DeliveryLedger(str(house.folder), sink, house.clock.now(), moves=moves) as ledger,
        Sender(
            place, Limits(100, 10**6, 4), house.clock, retry=patience, watch=house.told.append, chance=lambda: 0.5
        ) as sender,
    ):
        yield Deliverer(ledger, sender, prepare or Prepare(Processors()), clock=house.clock, watch=house.told.append)


def ids(house: House) -> list[str]:
    with open_reader(str(house.folder)).connect() as connection:
        return [row[0] for row in connection.sql("SELECT id FROM events ORDER BY seq").fetchall()]


def catch_up(house: House, sink: str, place: MemoryPlace, prepare: Prepare | None = None) -> int:
    with errands(house, sink, place, prepare) as some:
        return Follower(some).catch_up(open_reader(str(house.folder)))


def standing(house: House, sink: str) -> Any:
    with open_reader(str(house.folder)).connect() as connection:
        return next(one for one in sink_standings(connection, [sink], house.clock.now()) if one.sink == sink)


def test_everything_is_delivered_as_stored(full: House, sink: str) -> None:
    place = MemoryPlace()

    assert catch_up(full, sink, place) == len(ids(full)) > 1000
    assert sorted(place.stored) == sorted(ids(full))
    with open_reader(str(full.folder)).connect() as connection:
        stored = dict(connection.sql("SELECT id, document FROM events").fetchall())
    assert place.generations == [stored]
    assert (standing(full, sink).behind, standing(full, sink).position) == (0, len(stored))


def test_nothing_is_delivered_twice(full: House, sink: str) -> None:
    place = MemoryPlace()
    catch_up(full, sink, place)
    sent = sum(place.batches)

    assert catch_up(full, sink, place) == 0
    assert sum(place.batches) == sent


def test_a_position_stays_where_nothing_is_acknowledged(full: House, sink: str) -> None:
    place = MemoryPlace(Troubles(unreachable=1.0))

    with pytest.raises(SinkBusyError):
        catch_up(full, sink, place)
    assert standing(full, sink).position == 0

    place.troubles = Troubles()
    catch_up(full, sink, place)
    assert sorted(place.stored) == sorted(ids(full))


def test_what_was_settled_before_a_failure_is_recorded(full: House, sink: str) -> None:
    class Closing(MemoryPlace):
        def deliver(self, parcels: Any) -> Any:
            if len(self.stored) >= 500:
                message = "closed"
                raise SinkDeniedError(message)
            return super().deliver(parcels)

    place = Closing()
    with pytest.raises(SinkDeniedError):
        catch_up(full, sink, place)

    position = standing(full, sink).position
    assert 400 <= position <= 500
    assert set(ids(full)[:position]) <= set(place.stored)


def test_a_crash_between_sending_and_recording_repeats_nothing_at_the_place(full: House, sink: str) -> None:
    place = MemoryPlace()
    with errands(full, sink, place) as some:
        some.ledger.record = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            Follower(some).catch_up(open_reader(str(full.folder)))
    place.generations.append({})
    assert standing(full, sink).position == 0

    catch_up(full, sink, place)

    assert sorted(place.stored) == sorted(ids(full))
    assert standing(full, sink).existing == len(ids(full))


def test_rejected_events_are_kept_with_their_reason_and_can_be_sent_again(full: House, sink: str) -> None:
    poisoned = frozenset(ids(full)[10:13])
    place = MemoryPlace(Troubles(poisoned=poisoned))

    catch_up(full, sink, place)

    with open_reader(str(full.folder)).connect() as connection:
        found = rejections(connection, sink)
    assert [(one.id, one.status, one.reason) for one in found] == [(name, 400, "poison") for name in ids(full)[10:13]]
    assert (standing(full, sink).behind, standing(full, sink).rejected) == (0, 3)

    place.troubles = Troubles(poisoned=frozenset(ids(full)[11:12]))
    with errands(full, sink, place, moves=False) as some:
        seqs = [one.seq for one in some.ledger.rejections()]
        send_again(some, open_reader(str(full.folder)), DeliveryPurpose.RETRY, seqs)
        assert [one.id for one in some.ledger.rejections()] == ids(full)[11:12]
    assert standing(full, sink).rejected == 1


def test_a_replay_repeats_nothing_and_moves_nothing(full: House, sink: str) -> None:
    place = MemoryPlace()
    catch_up(full, sink, place)
    place.generations = [{}, dict(list(place.generations[0].items())[:700])]
    now = full.clock.now()

    with errands(full, sink, place, moves=False) as some:
        done = replay(some, open_reader(str(full.folder)), Window(now - timedelta(days=9), now))

    assert sorted(place.stored) == sorted(ids(full))
    assert sum(one.created for one in done) == len(ids(full)) - 700
    assert standing(full, sink).position == len(ids(full))


def test_processors_change_and_drop(full: House, sink: str) -> None:
    def act(document: dict[str, Any]) -> dict[str, Any] | None:
        return None if document["event"]["id"] in dropped else {**document, "labels": {"a": "b"}}

    dropped = set(ids(full)[::3])
    place = MemoryPlace()

    assert catch_up(full, sink, place, Prepare(Processors([(EventCondition({}), act)]))) == len(ids(full))

    assert set(place.stored) == set(ids(full)) - dropped
    assert all(orjson.loads(text)["labels"] == {"a": "b"} for text in place.generations[0].values())
    assert standing(full, sink).dropped == len(dropped)
    assert standing(full, sink).behind == 0


def test_one_process_at_a_time_moves_a_position(full: House, sink: str) -> None:
    with (
        errands(full, sink, MemoryPlace()),
        pytest.raises(ArchiveBusyError, match=f"another process delivers to `{sink}`"),
        errands(full, sink, MemoryPlace()),
    ):
        pass
    with errands(full, f"{sink}-2", MemoryPlace()), errands(full, sink, MemoryPlace()):
        pass


def test_delivering_goes_on_beside_the_writer_and_beside_compaction(full: House, sink: str) -> None:
    place = MemoryPlace()
    with open_writer(str(full.folder), full.clock) as archive:
        catch_up(full, sink, place)
        assert any(one.table == "deliveries" for one in archive.compact())
        assert catch_up(full, sink, place) == 0
    assert any(isinstance(event, Delivered) for event in full.told)
