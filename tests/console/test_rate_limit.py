"""The rate limit of logins: failures count for the address and the name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.collecting import NOW

from anthropic_audit.console.auth import LoginRateLimit, client_network
from anthropic_audit.testing import FakeClock


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        pytest.param("192.0.2.7", "192.0.2.7", id="IPv4 stands for itself"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6 for its network"),
        pytest.param("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64", id="of which all addresses are one's own"),
        pytest.param("2001:db8:1:3::1", "2001:db8:1:3::/64", id="and the next one is another's"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="IPv4 written as IPv6"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with a zone"),
        pytest.param("", "", id="none"),
        pytest.param("testclient", "testclient", id="no address"),
    ],
)
def test_an_address_stands_for_whoever_has_it(address: str, whose: str) -> None:
    assert client_network(address) == whose


def test_after_eight_failures_one_waits_until_the_first_is_five_minutes_old() -> None:
    clock = FakeClock(NOW)
    throttle = LoginRateLimit(clock)
    for _ in range(8):
        assert throttle.wait("a", "b") is None
        throttle.note("a")
        clock.advance(timedelta(seconds=10))

    assert throttle.wait("a", "b") == timedelta(seconds=220)
    assert throttle.wait("b") is None
    clock.advance(timedelta(seconds=220))
    assert throttle.wait("a") is None


def test_a_success_forgets_what_was_before_it() -> None:
    throttle = LoginRateLimit(FakeClock(NOW))
    for _ in range(9):
        throttle.note("a", "b")

    throttle.forget("a")

    assert throttle.wait("a") is None
    assert throttle.wait("b") is not None
