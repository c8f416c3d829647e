"""The threads of sinks end with the service, and not earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.collecting import House, settings
from tests.delivery.memory import MemoryPlace

from anthropic_audit.archive import DeliveryLedger, open_writer
from anthropic_audit.delivery import Deliverer, Limits, Prepare, Sender
from anthropic_audit.errors import SinkDeniedError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.processors import Processors
from anthropic_audit.progress import Delivered, DeliveryFailed, Progress, ignore_progress
from anthropic_audit.service import Deliveries

LIMITS = Limits(500, 10**6, 2)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "archive", settings())
    house.collect(house.feed())
    return house


def opening(house: House, place: MemoryPlace, failures: list[Exception]) -> Callable[[], Iterator[Deliverer]]:
    """Return a function that opens a sink: it raises each failure first, then delivers and stops the clock."""
    clock = house.clock

    def watch(event: Progress) -> None:
        if isinstance(event, Delivered):
            clock.interrupt()

    def opened() -> Iterator[Deliverer]:
        if failures:
            raise failures.pop(0)
        with (
            DeliveryLedger(str(house.folder), "main", clock.now()) as ledger,
            Sender(place, LIMITS, clock, retry=RetryPolicy(), watch=ignore_progress, chance=lambda: 0.5) as courier,
        ):
            yield Deliverer(ledger, courier, Prepare(Processors()), clock=clock, watch=watch)

    return opened


def deliver(house: House, place: MemoryPlace, failures: list[Exception], watch: Callable[[Progress], None]) -> None:
    """Run the thread of a sink until it has delivered events."""
    opened = contextmanager(opening(house, place, failures))
    with (
        open_writer(str(house.folder), house.clock) as archive,
        Deliveries(archive, {"main": opened}, house.clock, watch),
    ):
        pass


def test_a_sink_goes_on_after_any_failure_and_tells_of_it(house: House) -> None:
    place, told = MemoryPlace(), list[Progress]()
    denied = SinkDeniedError("the door is shut", hint="open it")

    deliver(house, place, [denied, KeyError("nobody has foreseen this"), BrokenPipeError("gone")], told.append)

    assert [(one.kind, one.hint) for one in told if isinstance(one, DeliveryFailed)] == [
        ("SinkDeniedError", "open it"),
        ("KeyError", "it is retried automatically; please report it"),
        ("BrokenPipeError", "it is retried automatically"),
    ]
    assert place.stored
    assert house.clock.waited[:2] == [5.0, 10.0]


def test_a_sink_goes_on_when_its_failure_can_not_be_told(house: House) -> None:
    def watch(event: Progress) -> None:
        message = f"the log is full: {event}"
        raise OSError(message)

    place = MemoryPlace()

    deliver(house, place, [SinkDeniedError("the door is shut")], watch)

    assert place.stored
