from __future__ import annotations

import itertools
import signal
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


@pytest.mark.slow
def test_an_interrupt_ends_every_wait_now_and_later() -> None:
    clock = SystemClock()
    threading.Timer(0.05, clock.interrupt).start()

    with pytest.raises(InterruptedRunError):
        clock.wait(30)
    with pytest.raises(InterruptedRunError):
        clock.wait(0)
    with pytest.raises(InterruptedRunError):
        clock.check()


@pytest.mark.timeout(60, method="thread")  # its signal is ours here
@pytest.mark.slow
def test_a_signal_at_any_moment_ends_the_wait() -> None:
    """A handler runs on the main thread, during its wait; an interrupt that it misses is noticed a second later."""
    before = signal.getsignal(signal.SIGALRM)
    longest, test_start = 0.0, time.monotonic()
    try:
        for number in itertools.takewhile(lambda _: time.monotonic() - test_start < 8, range(400)):
            started = time.monotonic()
            clock = SystemClock()
            signal.signal(signal.SIGALRM, lambda *_, clock=clock: clock.interrupt())
            signal.setitimer(signal.ITIMER_REAL, 0.000_02 + number % 40 / 1_000_000)
            with pytest.raises(InterruptedRunError):
                clock.wait(30)
            longest = max(longest, time.monotonic() - started)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert longest < 10, "a wake-up was lost"
