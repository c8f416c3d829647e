"""A sender brings each event to an end, whatever the place does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.delivery.memory import MemoryPlace, Troubles

from anthropic_audit.delivery import Limits, Sender
from anthropic_audit.errors import InterruptedRunError, SinkBusyError, SinkDeniedError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.progress import Progress, ignore_progress
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 18, tzinfo=UTC)
LIMITS = Limits(10, 10_000, 4)
PATIENT = RetryPolicy(give_up_after=timedelta(days=999))


def parcels(number: int, size: int = 10) -> list[Parcel]:
    return [Parcel(seq, f"id{seq}", NOW, "x" * size) for seq in range(1, number + 1)]


@contextmanager
def sender(
    place: MemoryPlace,
    limits: Limits = LIMITS,
    retry: RetryPolicy = PATIENT,
    clock: FakeClock | None = None,
) -> Iterator[Sender]:
    with Sender(place, limits, clock or FakeClock(NOW), retry=retry, watch=ignore_progress, chance=lambda: 0.5) as one:
        yield one


def brought(place: MemoryPlace, sent: Sequence[Parcel], *, carefully: bool = False) -> list[tuple[int, Fate]]:
    with sender(place) as one:
        return [(parcel.seq, verdict.fate) for parcel, verdict in one.send(sent, carefully=carefully)]


def test_what_is_taken_comes_back_in_order() -> None:
    place = MemoryPlace()

    assert brought(place, parcels(95)) == [(seq, Fate.CREATED) for seq in range(1, 96)]
    assert max(place.batches) == 10
    assert place.asked == 0


def test_batches_keep_below_their_bytes_but_for_an_event_that_is_longer() -> None:
    place = MemoryPlace()
    with sender(place, Limits(100, 1_000, 2)) as one:
        assert len(list(one.send([*parcels(20, 300), Parcel(21, "id21", NOW, "x" * 5_000)], carefully=False))) == 21

    assert set(place.batches) <= {1, 2, 3}


def test_bytes_are_counted_as_they_are_sent() -> None:
    place = MemoryPlace()
    wide = [Parcel(seq, f"id{seq}", NOW, "é" * 300) for seq in range(1, 11)]
    with sender(place, Limits(100, 1_000, 1)) as one:
        list(one.send(wide, carefully=False))

    assert set(place.batches) == {1}


def test_only_what_was_not_taken_is_sent_again() -> None:
    place = MemoryPlace(Troubles(busy_event=0.5))

    assert {fate for _, fate in brought(place, parcels(100))} == {Fate.CREATED}
    assert sum(place.batches) < 300


def test_after_a_lost_answer_the_place_is_asked_first() -> None:
    place = MemoryPlace(Troubles(lost_answer=0.5, rolled_over=0.5))

    fates = dict(brought(place, parcels(200)))

    assert sorted(place.stored) == sorted(parcel.id for parcel in parcels(200))
    assert Fate.EXISTING in fates.values()


def test_what_is_too_large_is_halved() -> None:
    place = MemoryPlace(Troubles(refused_at=3))

    assert {fate for _, fate in brought(place, parcels(40))} == {Fate.CREATED}


def test_one_bad_event_of_a_batch_is_found_and_rejected_alone() -> None:
    place = MemoryPlace(Troubles(poisoned={"id7"}, poisons_batch=True))

    fates = dict(brought(place, parcels(40)))

    assert [seq for seq, fate in fates.items() if fate is Fate.REJECTED] == [7]
    assert len(place.stored) == 39


def test_a_target_that_refuses_everything_is_wrong_and_not_the_events() -> None:
    place = MemoryPlace(Troubles(refused_at=0))
    with sender(place) as one, pytest.raises(SinkDeniedError, match="refuses every event"):
        list(one.send(parcels(200), carefully=False))


def test_patience_ends() -> None:
    place = MemoryPlace(Troubles(unreachable=1.0))
    with sender(place, retry=RetryPolicy(give_up_after=timedelta(minutes=2))) as one, pytest.raises(SinkBusyError):
        list(one.send(parcels(5), carefully=False))


def test_a_place_that_lets_nobody_in_is_not_asked_again() -> None:
    place = MemoryPlace(Troubles(denied=True))
    with sender(place, Limits(10, 10_000, 1)) as one, pytest.raises(SinkDeniedError):
        list(one.send(parcels(10), carefully=False))
    assert len(place.batches) == 1


def test_a_batch_that_is_denied_ends_those_that_would_be_tried_for_ever() -> None:
    class OneDenied(MemoryPlace):
        """Answers the first batch only when the second one has been tried."""

        tried = threading.Event()
        is_mended = False

        def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
            if self.is_mended:
                return super().deliver(parcels)
            if parcels[0].seq > 1:
                self.tried.set()
                message = "nobody there"
                raise SinkBusyError(message, retry_after=3600)
            assert self.tried.wait(20)
            message = "no"
            raise SinkDeniedError(message)

    place = OneDenied()
    with sender(place, retry=RetryPolicy(give_up_after=timedelta(days=36_500))) as one:
        with pytest.raises(SinkDeniedError):
            list(one.send(parcels(100), carefully=False))
        place.is_mended = True

        assert len(list(one.send(parcels(100), carefully=False))) == 100


def test_an_operator_ends_the_waiting() -> None:
    clock = FakeClock(NOW)
    place = MemoryPlace(Troubles(unreachable=1.0))
    waits: list[Progress] = []

    def watch(event: Progress) -> None:
        waits.append(event)
        if len(waits) == 3:
            clock.interrupt()

    with (
        Sender(place, Limits(10, 10_000, 1), clock, retry=PATIENT, watch=watch, chance=lambda: 0.5) as one,
        pytest.raises(InterruptedRunError),
    ):
        list(one.send(parcels(10), carefully=False))


shares = st.sampled_from([0.0, 0.1, 0.5])


@settings(max_examples=100, deadline=None)
@given(
    troubles=st.builds(
        Troubles,
        unreachable=shares,
        lost_answer=shares,
        busy_event=shares,
        rolled_over=shares,
        refused_at=st.sampled_from([None, 1, 4]),
        poisoned=st.frozensets(st.sampled_from([f"id{seq}" for seq in range(1, 40)]), max_size=15),
        poisons_batch=st.booleans(),
    ),
    seed=st.integers(0, 2**16),
    number=st.integers(0, 60),
    again=st.booleans(),
)
def test_each_event_is_there_once_or_rejected(troubles: Troubles, seed: int, number: int, again: bool) -> None:
    place, sent = MemoryPlace(troubles, seed), parcels(number)

    found = brought(place, sent)
    if again:
        brought(place, sent, carefully=True)

    wanted = {parcel.id for parcel in sent} - troubles.poisoned
    assert [seq for seq, _ in found] == [parcel.seq for parcel in sent]
    assert sorted(place.stored) == sorted(wanted)
    assert {f"id{seq}" for seq, fate in found if fate is Fate.REJECTED} == troubles.poisoned & {one.id for one in sent}


def test_a_busy_place_is_sent_less_at_the_same_time() -> None:
    place = MemoryPlace(Troubles(unreachable=0.9), seed=3)
    with sender(place, Limits(5, 10_000, 8)) as one:
        list(one.send(parcels(100), carefully=False))

        assert one.at_once < 8


def test_an_event_that_is_too_large_is_rejected_unsent_and_the_others_of_its_batch_are_sent() -> None:
    place = MemoryPlace()
    sent = [Parcel(1, "id1", NOW, "x"), Parcel(2, "id2", NOW, "é" * 501), Parcel(3, "id3", NOW, "é" * 500)]
    with sender(place, Limits(100, 10_000, 1, max_event_bytes=1_000)) as one:
        settled = [(parcel.seq, verdict) for parcel, verdict in one.send(sent, carefully=True)]

    assert [(seq, verdict.fate) for seq, verdict in settled] == [
        (1, Fate.CREATED),
        (2, Fate.REJECTED),
        (3, Fate.CREATED),
    ]
    assert settled[1][1].reason == "the event has 1,002 bytes, more than max_event_bytes = 1,000"
    assert place.batches == [2]
