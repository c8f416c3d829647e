"""`settings` shows no secret, wherever a URL or a table holds one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

SETTINGS = """
[[sinks]]
name = "hook"
to = "http"
url = "https://siem.example/services/T0s3cretB0s3cretXX/in?token=s3cret&plain&a=b=s3cret#s3cret"
headers = { Authorization = "Bearer s3cret", X-Tenant = "s3cret" }
auth = "bearer"
secret_command = ["vault", "read", "s3cret"]

[[console.users]]
name = "alice"
password_hash = "$argon2id$s3cret"
"""


@pytest.mark.parametrize("format", ["table", "json"])
def test_no_secret_of_a_sink_is_printed(run: Callable[..., Result], tmp_path: Path, format: str) -> None:  # noqa: A002
    (tmp_path / "anthropic-audit.toml").write_text(SETTINGS, "utf-8")

    result = run("settings", "--format", format)

    assert result.exit_code == 0, result.stderr
    assert "s3cret" not in result.stdout + result.stderr
    assert "siem.example/services/***/in?token=***&***&a=***#***" in result.stdout
    assert "Authorization" in result.stdout
