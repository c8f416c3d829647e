"""Whatever a target does with a request, it has a deadline, and ends when the operator asks for an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.hanging import hanging

from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import InterruptedRunError, SinkBusyError
from anthropic_audit.model import Parcel
from anthropic_audit.ports import Sink
from anthropic_audit.redact import Secret
from anthropic_audit.settings import SinkSettings
from anthropic_audit.sinks import open_sink

TARGETS = ["http", "splunk_hec", "otlp", "elasticsearch", "opensearch"]
WAYS = ["silent", "unread", "headers", "informational", "body", "chunks", "refusal"]
SETTINGS: TypeAdapter[SinkSettings] = TypeAdapter(SinkSettings)
PARCELS = [
    Parcel(number, f"activity_{number}", datetime(2026, 11, 23, tzinfo=UTC), f'{{"message":"{"x" * 50_000}"}}')
    for number in range(60)
]


@contextmanager
def opened(target: str, way: str, clock: SystemClock, deadline: str) -> Iterator[Sink]:
    with hanging(way) as port:
        url = f"http://127.0.0.1:{port}"
        place: dict[str, Any] = {"urls": [url]} if "search" in target else {"url": url}
        secret = {"secret_env": "KEY"} if target == "splunk_hec" else {}
        asked = {"name": "main", "to": target, "timeout": "20s", "request_deadline": deadline, **place, **secret}
        sink = open_sink(SETTINGS.validate_python(asked), Secret("sesame") if secret else None, clock)
        try:
            yield sink
        finally:
            sink.close()


def seconds_of(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


@pytest.mark.sampled(6)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("way", WAYS)
def test_a_delivery_has_a_deadline(target: str, way: str) -> None:
    def deliver() -> None:
        with pytest.raises(SinkBusyError, match=r"no complete answer within 1s") as caught:
            sink.deliver(PARCELS)
        assert "request_deadline" in f"{caught.value} {caught.value.hint}"

    with opened(target, way, SystemClock(), "1s") as sink:
        assert seconds_of(deliver) < 15


@pytest.mark.sampled(3)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("way", ["unread", "body"])
def test_the_operators_stop_ends_a_delivery(target: str, way: str) -> None:
    clock = SystemClock()

    def deliver() -> None:
        with pytest.raises(InterruptedRunError):
            sink.deliver(PARCELS)

    with opened(target, way, clock, "60s") as sink:
        threading.Timer(0.3, clock.interrupt).start()
        assert seconds_of(deliver) < 15


@pytest.mark.parametrize("target", ["elasticsearch", "opensearch"])
def test_a_question_to_a_cluster_has_a_deadline(target: str) -> None:
    with opened(target, "chunks", SystemClock(), "1s") as sink, pytest.raises(SinkBusyError, match="within 1s"):
        sink.present(PARCELS)
