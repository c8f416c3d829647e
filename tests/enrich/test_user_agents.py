"""User agents, in the form of Elasticsearch's processor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.enrich import describe_user_agent

OTHER = {"name": "Other"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/120.0.6099.71 Safari/537.36",
            {
                "name": "Chrome",
                "version": "120.0.6099.71",
                "device": {"name": "Mac"},
                "os": {"name": "Mac OS X", "version": "10.15.7", "full": "Mac OS X 10.15.7", "type": "macos"},
            },
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
            "Safari/537.36 Edg/131.0.2903.51",
            {
                "name": "Edge",
                "version": "131.0.2903.51",
                "device": OTHER,
                "os": {"name": "Windows", "version": "10", "full": "Windows 10", "type": "windows"},
            },
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.1 Mobile/15E148 Safari/604.1",
            {
                "name": "Mobile Safari",
                "version": "17.1",
                "device": {"name": "iPhone"},
                "os": {"name": "iOS", "version": "17.1", "full": "iOS 17.1", "type": "ios"},
            },
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
            {
                "name": "Firefox",
                "version": "120.0",
                "device": OTHER,
                "os": {"name": "Ubuntu", "full": "Ubuntu", "type": "linux"},
            },
        ),
        ("curl/8.4.0", {"name": "curl", "version": "8.4.0", "device": OTHER}),
        ("claude-cli/2.0.14 (external, cli)", {"name": "claude-cli", "version": "2.0.14", "device": OTHER}),
        ("okta-scim-client/1.0", {"name": "okta-scim-client", "version": "1.0", "device": OTHER}),
        ("python-httpx/0.27.0", {"name": "python-httpx", "version": "0.27.0", "device": OTHER}),
        ("Mozilla/5.0", {"name": "Other", "device": OTHER}),
        ("Anthropic/Python 0.40.0", {"name": "Other", "device": OTHER}),
        ("", {"name": "Other", "device": OTHER}),
    ],
)
def test_programs_systems_and_devices_are_found(text: str, expected: dict[str, Any]) -> None:
    assert describe_user_agent(text) == expected


@given(
    st.text(max_size=200) | st.sampled_from(["Mozilla/5.0 (", "a/1", "/", "curl/"]).flatmap(lambda t: st.just(t * 999))
)
def test_no_user_agent_is_too_strange(text: str) -> None:
    described = describe_user_agent(text)

    assert set(described) <= {"name", "version", "os", "device"}
    assert described["name"]
    assert described["device"]["name"]
    assert all(value for value in described.get("os", {}).values())
