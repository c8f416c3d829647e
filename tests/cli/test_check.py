"""`check` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.serving import key
from typer.testing import Result

from anthropic_audit.simulator import Server

Run = Callable[..., Result]


def env(server: Server, name: str = "compliance") -> dict[str, str]:
    return {"ANTHROPIC_COMPLIANCE_ACCESS_KEY": key(server, name), "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL": server.url}


def test_good_surroundings_are_fine(run: Run, server: Server) -> None:
    result = run("check", env=env(server))

    assert result.exit_code == 0, result.stdout
    assert "the API accepts the key and its scope" in result.stdout
    assert "requests are left this minute" in result.stdout
    assert key(server) not in result.stdout + result.stderr


def test_a_refused_key_is_wrong_and_has_a_cure(run: Run, server: Server) -> None:
    result = run("check", env=env(server, "revoked"))

    assert result.exit_code == 3
    assert "401" in result.stdout
    assert "What to do" in result.stdout
    assert "put a new key where the feed reads it" in result.stdout


def test_offline_sends_no_request(run: Run, server: Server) -> None:
    before = server.vendor.served

    told = json.loads(run("check", "--offline", "--format", "json", env=env(server)).stdout)

    assert server.vendor.served == before
    assert {"what": "feed default: API", "is": "skipped", "found": "no request sent (--offline)", "cure": ""} in told


def test_nothing_configured_is_said(run: Run) -> None:
    result = run("check")

    assert result.exit_code == 3
    assert "no feed is configured" in result.stdout


def test_an_unreachable_host_and_a_missing_key_are_told_side_by_side(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(
        '[[feeds]]\nname = "a"\napi_key_env = "K"\nurl = "http://127.0.0.1:9"\n\n'
        '[[feeds]]\nname = "b"\napi_key_env = "NONE"\n\n[[processors]]\ndo = "drop_fields"\nfields = ["user.mail"]\n',
        encoding="utf-8",
    )

    result = run("check", env={"K": "sk-ant-api01-TESTKEYTESTKEYTESTKEY"})

    assert result.exit_code == 3
    for words in ("Connection refused", "feed `b` has no key", "no field of events matches `user.mail`"):
        assert words in result.stdout
    assert "sk-ant-api01-TEST" not in result.stdout


def test_settings_that_can_not_be_read_have_their_own_code(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text("feeds = 5\n", encoding="utf-8")

    assert run("check").exit_code == 2
