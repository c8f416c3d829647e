from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import InterruptedRunError


def test_the_time_is_aware_and_now() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_waiting_takes_that_long() -> None:
    started = time.monotonic()

    SystemClock().wait(0.05)

    assert time.monotonic() - started >= 0.05


def test_an_interrupt_ends_every_wait_now_and_later() -> None:
    clock = SystemClock()
    threading.Timer(0.05, clock.interrupt).start()

    with pytest.raises(InterruptedRunError):
        clock.wait(30)
    with pytest.raises(InterruptedRunError):
        clock.wait(0)
    with pytest.raises(InterruptedRunError):
        clock.check()
