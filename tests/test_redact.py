from __future__ import annotations

import pytest
from tests.ecs import odd

from anthropic_audit.redact import Secret, mask_urls, redact, safe_url


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("sk-ant-api01-TESTTESTTEST")

    assert "TEST" not in f"{secret} {secret!r} {[secret]} { ({'key': secret}) }"
    assert secret.reveal() == "sk-ant-api01-TESTTESTTEST"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-ant-api01-TEST_abc-DEF123 sent", "key sk-ant-api01-*** sent"),
        ('{"k":"sk-ant-admin01-TESTxyz"}', '{"k":"sk-ant-admin01-***"}'),
        ("sk-ant-oat01-TESTa sk-ant-api03-TESTb", "sk-ant-oat01-*** sk-ant-api03-***"),
        ("no key here: sk-ant", "no key here: sk-ant"),
    ],
)
def test_keys_in_a_text_become_their_prefix(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://user:word@proxy.example:8080/x?y=1", "http://***@proxy.example:8080/x?y=1"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1"),
        ("http://a@b@c/x", "http://***@c/x"),
    ],
)
def test_a_url_loses_its_password(url: str, expected: str) -> None:
    assert safe_url(url) == expected


@pytest.mark.parametrize("url", odd.URLS_WITH_A_PASSWORD)
def test_no_part_of_a_password_in_a_malformed_url_is_left(url: str) -> None:
    shown = safe_url(url)

    assert odd.SECRET not in shown
    assert safe_url(shown) == shown
    assert "://" not in url or odd.SECRET not in mask_urls(f"see {url} or mail a@b")


@pytest.mark.parametrize("url", odd.URLS_WITHOUT)
def test_what_has_no_password_stays(url: str) -> None:
    assert safe_url(url) == url
