"""`settings` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

KEY = "sk-ant-api01-TEST0000000000"
FILE = """
archive = "./from-file"

[[feeds]]
name = "acme"
interval = "1m"
api_key_env = "MY_KEY"
proxy_url = "http://user:password@proxy.example:3128"
tags = ["one", "two"]
"""


Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "anthropic-audit.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def rows(result: Result) -> dict[str, tuple[object, str]]:
    listed = json.loads(result.stdout)["settings"]
    return {one["setting"]: (one["value"], one["origin"]) for one in listed}


@pytest.mark.usefixtures("file")
def test_each_value_has_its_origin(run: Run, tmp_path: Path) -> None:
    found = rows(run("settings", "--format", "json", env={"ANTHROPIC_AUDIT_FEEDS__ACME__BATCH_SIZE": "100"}))

    path = tmp_path / "anthropic-audit.toml"
    assert found["archive"] == ("./from-file", f"file {path}:2")
    assert found["feeds[0].interval"] == ("1m", f"file {path}:6")
    assert found["feeds[0].batch_size"] == (100, "environment ANTHROPIC_AUDIT_FEEDS__ACME__BATCH_SIZE")
    assert found["feeds[0].url"] == ("https://api.anthropic.com", "default")
    assert found["feeds[0].tags"] == (["one", "two"], f"file {path}:9")


@pytest.mark.usefixtures("file")
def test_a_table_says_the_same_to_people(run: Run) -> None:
    shown = run("settings", "--archive", "./flag").stdout

    assert shown.splitlines()[0].split() == ["setting", "value", "origin"]
    assert '"./flag"' in shown
    assert "flag --archive" in shown
    assert '["one", "two"]' in shown


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("form", ["table", "json"])
def test_secrets_are_masked(run: Run, form: str) -> None:
    shown = run("settings", "--format", form, env={"MY_KEY": KEY}).stdout

    assert "password" not in shown
    assert "***@proxy.example" in shown
    assert KEY not in shown
    assert "the environment variable MY_KEY" in shown


@pytest.mark.usefixtures("file")
def test_a_missing_key_is_shown_as_missing(run: Run) -> None:
    assert rows(run("settings", "--format", "json"))["feeds[0] key"][0] == "missing"


def test_a_commands_output_is_not_looked_at(run: Run, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    env = {"ANTHROPIC_AUDIT_FEEDS__ACME__API_KEY_COMMAND": f"touch {witness}"}

    found = rows(run("settings", "--format", "json", env=env))

    assert found["feeds[0] key"] == ("***", "the output of `touch` (not run)")
    assert not witness.exists()


def test_without_any_settings_that_is_said(run: Run) -> None:
    result = run("settings")

    assert result.exit_code == 0
    assert "no settings file was found" in result.stderr
    assert "no feed is configured" in result.stderr


@pytest.mark.parametrize("command", ["settings", "status", "search", "collect"])
@pytest.mark.parametrize(
    "text", [pytest.param("archive = ", id="damaged"), pytest.param('archiv = "x"', id="unknown setting")]
)
def test_wrong_settings_stop_every_command(run: Run, tmp_path: Path, command: str, text: str) -> None:
    (tmp_path / "wrong.toml").write_text(text, encoding="utf-8")

    result = run(command, "--config", "wrong.toml")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "\nhint: " in result.stderr
    assert "wrong.toml" in result.stderr
    assert result.stdout == ""


def test_a_settings_file_that_is_not_there_is_named(run: Run) -> None:
    result = run("settings", "--config", "none.toml")

    assert result.exit_code == 2
    assert "none.toml" in result.stderr
