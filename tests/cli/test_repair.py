"""`archive repair`, `backup` and `restore` from the command line, against a simulated API."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serving import ids, key, truth
from typer.testing import Result

from anthropic_audit.archive import open_reader
from anthropic_audit.simulator import Server

Run = Callable[..., Result]
KEY_VARIABLE = "ANTHROPIC_COMPLIANCE_ACCESS_KEY"


@pytest.fixture
def collected(run: Run, server: Server, tmp_path: Path) -> Path:
    result = run("collect", "--once", "--url", server.url, "--initial-interval", "25h", env={KEY_VARIABLE: key(server)})
    assert result.exit_code == 0, result.stderr
    return tmp_path / "archive"


def largest(archive: Path, table: str) -> Path:
    files = open_reader(str(archive)).tables[table].files
    return max((Path(file.path) for file in files), key=lambda path: path.stat().st_size)


def test_a_whole_archive_is_said_to_be_so(run: Run, collected: Path, server: Server) -> None:
    result = run("archive", "repair", "--url", server.url, env={KEY_VARIABLE: key(server)})

    assert result.exit_code == 0, result.stderr
    assert "no damage" in result.stdout
    assert not (collected / "damaged").exists()


def test_a_lost_file_is_fetched_again(run: Run, collected: Path, server: Server) -> None:
    largest(collected, "activities").unlink()
    env = {KEY_VARIABLE: key(server)}

    assert run("collect", "--once", "--url", server.url, env=env).exit_code == 1
    rehearsed = run("archive", "repair", "--dry-run", env=env)
    repaired = run("archive", "repair", "--url", server.url, env=env)

    assert rehearsed.exit_code == 3
    assert "would withdraw claims" in rehearsed.stdout
    assert repaired.exit_code == 0, repaired.stdout + repaired.stderr
    assert "activities were collected again from the API" in repaired.stdout
    assert ids(collected) == truth(server)
    assert run("archive", "verify").exit_code == 0
    assert run("archive", "repair", "--url", server.url, env=env).stdout.startswith("no damage")


def test_without_a_key_the_next_collect_fills_the_hole(run: Run, collected: Path, server: Server) -> None:
    path = largest(collected, "activities")
    path.write_bytes(path.read_bytes()[:-1000])

    repaired = run("archive", "repair", "--format", "json")

    told = json.loads(repaired.stdout)
    assert repaired.exit_code == 3
    assert told["left"]
    assert [Path(one).name for one in told["set_aside"]] == [path.name]
    collected_again = run("collect", "--once", "--url", server.url, env={KEY_VARIABLE: key(server)})
    assert collected_again.exit_code == 0, collected_again.stderr
    assert ids(collected) == truth(server)
    assert run("archive", "repair", "--no-fetch").exit_code == 0
    assert run("archive", "verify").exit_code == 0


def test_a_backup_is_restored_and_goes_on(run: Run, collected: Path, server: Server, tmp_path: Path) -> None:
    env = {KEY_VARIABLE: key(server)}

    backed_up = run("archive", "backup", str(tmp_path / "backup"))
    shutil.rmtree(collected)
    restored = run("archive", "restore", str(tmp_path / "backup"))
    again = run("collect", "--once", "--url", server.url, env=env)

    assert (backed_up.exit_code, restored.exit_code, again.exit_code) == (0, 0, 0), restored.stderr + again.stderr
    assert ids(collected) == truth(server)
    assert run("archive", "verify").exit_code == 0
    assert run("archive", "backup", str(tmp_path / "backup"), "--verify").exit_code == 0


def test_wrong_places_are_refused(run: Run, collected: Path, tmp_path: Path) -> None:
    assert run("archive", "restore", str(tmp_path / "nothing")).exit_code == 2
    assert run("archive", "backup", str(collected / "inside")).exit_code == 2
    assert run("archive", "backup", str(tmp_path / "backup"), "--verify").exit_code == 2
    run("archive", "backup", str(tmp_path / "backup"))
    refused = run("archive", "restore", str(tmp_path / "backup"))
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert run("archive", "restore", str(tmp_path / "backup"), "--force").exit_code == 0
    largest(tmp_path / "backup", "events").unlink()
    assert run("archive", "backup", str(tmp_path / "backup"), "--verify").exit_code == 3
