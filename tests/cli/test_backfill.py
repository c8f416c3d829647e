"""`backfill` and `reconcile` from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serving import ids, key, truth
from typer.testing import Result

from anthropic_audit.archive import open_reader
from anthropic_audit.model import Purpose
from anthropic_audit.simulator import Server

Run = Callable[..., Result]


@pytest.fixture
def env(server: Server) -> dict[str, str]:
    return {"ANTHROPIC_COMPLIANCE_ACCESS_KEY": key(server), "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL": server.url}


def test_a_range_is_read_normalized_and_covered(run: Run, server: Server, env: dict[str, str], tmp_path: Path) -> None:
    result = run("backfill", "--from", "26h", env=env)

    assert result.exit_code == 0, result.stderr
    assert ids(tmp_path / "archive") == truth(server)
    assert f"{len(truth(server)):,} of them new" in result.stderr
    assert {walk.purpose for walk in open_reader(str(tmp_path / "archive")).coverage()} == {Purpose.BACKFILL}
    with open_reader(str(tmp_path / "archive")).connect() as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(len(truth(server)),)]


def test_what_is_covered_is_not_read_again(run: Run, env: dict[str, str]) -> None:
    run("backfill", "--from", "26h", "--to", "10m", env=env)

    result = run("backfill", "--from", "26h", "--to", "10m", env=env)

    assert result.exit_code == 0
    assert "backfilled 0 activities, 0 of them new, in" in result.stderr


def test_reconciling_reads_it_again_and_finds_nothing_new(run: Run, server: Server, env: dict[str, str]) -> None:
    run("backfill", "--from", "26h", env=env)

    result = run("reconcile", "--from", "26h", env=env)

    assert result.exit_code == 0
    assert f"read {len(truth(server)):,} activities again, 0 of them late" in result.stderr


def test_a_refused_key_is_told_with_its_code(run: Run, server: Server, env: dict[str, str]) -> None:
    env["ANTHROPIC_COMPLIANCE_ACCESS_KEY"] = key(server, "revoked")

    result = run("backfill", "--from", "26h", "--workers", "3", env=env)

    assert result.exit_code == 1
    assert "401" in result.stderr
    assert "hint:" in result.stderr
    assert "Traceback" not in result.stderr


def test_with_several_feeds_one_has_to_be_named(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text('[[feeds]]\nname = "a"\n\n[[feeds]]\nname = "b"\n', encoding="utf-8")
    del env["ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL"]

    result = run("backfill", env=env)

    assert result.exit_code == 2
    assert "there are 2 feeds: a, b" in result.stderr
    assert "--feed" in result.stderr
