"""Unit tests of OpenID Connect: hashes of tokens, and limits on pending logins."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256, sha512

import pytest
from tests.collecting import NOW

from anthropic_audit.console.openid.claims import Expected, check_claims
from anthropic_audit.console.openid.pending_logins import LOGIN_TIMEOUT, MAX_PENDING, MAX_PENDING_PER_NETWORK, Attempts
from anthropic_audit.errors import LoginRefusedError
from anthropic_audit.testing import FakeClock

ACCESS = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
"""The access token of the specification's example (OpenID Connect Core, A.3), whose hash is known."""
AT_HASH = "77QmUPtjPfzWtF2AnpK9RQ"


def claims(**more: object) -> dict[str, object]:
    now = int(NOW.timestamp())
    return {"iss": "i", "aud": "c", "sub": "s", "nonce": "n", "iat": now, "exp": now + 60, **more}


def half(digest: bytes) -> str:
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def test_the_hash_of_the_specifications_example_is_right() -> None:
    check_claims(claims(at_hash=AT_HASH), Expected("i", "c", "n", "RS256", ACCESS), NOW)


@pytest.mark.parametrize(
    ("algorithm", "hashed"),
    [
        ("PS256", half(sha256(b"token").digest())),
        ("ES512", half(sha512(b"token").digest())),
        ("EdDSA", half(sha512(b"token").digest())),
        ("Ed25519", half(sha512(b"token").digest())),
    ],
)
def test_the_hash_goes_with_the_algorithm(algorithm: str, hashed: str) -> None:
    check_claims(claims(at_hash=hashed), Expected("i", "c", "n", algorithm, "token"), NOW)
    with pytest.raises(LoginRefusedError, match="don't match"):
        check_claims(claims(at_hash=hashed), Expected("i", "c", "n", algorithm, "another"), NOW)


def test_an_attempt_belongs_to_a_browser_and_counts_once() -> None:
    attempts = Attempts(FakeClock(NOW))
    cookie, attempt = attempts.begin("1.2.3.4", "")

    assert attempts.take(attempt.state, "another") is None
    assert attempts.take("another", cookie) is None
    assert attempts.take(attempt.state, cookie) == attempt
    assert attempts.take(attempt.state, cookie) is None


def test_whoever_begins_very_often_loses_their_own_oldest_attempts_only() -> None:
    attempts = Attempts(FakeClock(NOW))
    other = attempts.begin("1.2.3.4", "")
    mine = [attempts.begin("5.6.7.8", "") for _ in range(MAX_PENDING_PER_NETWORK + 1)]

    assert attempts.take(mine[0][1].state, mine[0][0]) is None
    assert attempts.take(mine[1][1].state, mine[1][0]) is not None
    assert attempts.take(other[1].state, other[0]) is not None


def test_no_more_attempts_are_kept_than_that() -> None:
    clock = FakeClock(NOW)
    attempts = Attempts(clock)
    begun = [attempts.begin(f"address {number % 100}", "") for number in range(MAX_PENDING + 5)]

    found = [attempts.take(attempt.state, cookie) is not None for cookie, attempt in begun]

    assert (found.count(True), found[:5]) == (MAX_PENDING, [False] * 5)


def test_what_is_over_makes_room() -> None:
    clock = FakeClock(NOW)
    attempts = Attempts(clock)
    for _ in range(MAX_PENDING_PER_NETWORK):
        attempts.begin("1.2.3.4", "")
    clock.advance(LOGIN_TIMEOUT - timedelta(seconds=1))
    kept = attempts.begin("1.2.3.4", "")
    clock.advance(timedelta(seconds=1))
    for _ in range(MAX_PENDING_PER_NETWORK - 1):
        attempts.begin("1.2.3.4", "")

    assert attempts.take(kept[1].state, kept[0]) is not None
