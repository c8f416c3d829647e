"""Damaged files are reported and skipped; all others are still read."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from anthropic_audit.archive import open_reader

NEGATIVE = re.compile(r"-[0-9,]+ activities")
Run = Callable[..., Result]


def gone(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flipped(path: Path) -> None:
    """Flip bits all over the file's pages, and leave its size."""
    changed = bytearray(path.read_bytes())
    for place in range(100, len(changed) - 2000, 50):
        changed[place] ^= 0x55
    path.write_bytes(changed)


def oldest(folder: Path, table: str) -> Path:
    return Path(min(file.path for file in open_reader(str(folder)).tables[table].files))


@pytest.mark.parametrize("damaged", [gone, cut_off, emptied, zeroed, flipped])
def test_other_days_are_searched(run: Run, archive: Path, damaged: Callable[[Path], None]) -> None:
    path = oldest(archive, "events")
    damaged(path)

    result = run("search", "--from", "30d", "--format", "ndjson")

    assert result.exit_code == 3, result.stderr
    assert len(result.stdout.splitlines()) == 3
    assert str(path) in result.stderr
    assert "archive repair" in result.stderr
    assert result.stderr.count(str(path)) == 1, "each damaged file is said once"
    assert "Traceback" not in result.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize("table", ["activities", "coverage", "events"])
@pytest.mark.parametrize("damaged", [gone, flipped])
def test_a_report_does_not_call_complete_what_could_not_be_read(
    run: Run, archive: Path, damaged: Callable[[Path], None], table: str
) -> None:
    out = archive.parent / "report.html"
    damaged(oldest(archive, table))

    result = run("report", "--output", str(out))

    assert result.exit_code == 3, result.stderr
    page = out.read_text()
    assert "Some collected data could not be read: 1 damaged or missing file" in page
    assert f">{table}</td>" in page
    assert 'class="verdict good"' not in page
    assert "Traceback" not in result.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize("table", ["activities", "events"])
@pytest.mark.parametrize("damaged", [gone, zeroed])
def test_every_command_that_reads_goes_on(run: Run, archive: Path, damaged: Callable[[Path], None], table: str) -> None:
    out = archive.parent / "out.ndjson"
    path = oldest(archive, table)
    damaged(path)

    status = run("status", "--format", "json")
    assert status.exit_code == 3, status.stderr
    assert json.loads(status.stdout)["not_normalized"] >= 0
    export = run("export", "--what", table, "--output", str(out))
    assert export.exit_code == 3, export.stderr
    assert len(out.read_text().splitlines()) == 3
    check = run("check", "--offline", "--format", "json")
    assert check.exit_code == 3
    assert "Traceback" not in status.stderr + export.stderr + check.stderr


def test_a_missing_file_is_wrong_for_check(run: Run, archive: Path) -> None:
    path = oldest(archive, "activities")
    path.unlink()

    found = json.loads(run("check", "--offline", "--format", "json").stdout)

    assert [one for one in found if one["is"] == "wrong" and str(path) in one["found"] and "repair" in one["cure"]]


@pytest.mark.parametrize("table", ["activities", "events", "coverage"])
def test_a_table_that_is_gone_is_said_and_never_started_over(run: Run, archive: Path, table: str) -> None:
    shutil.rmtree(archive / table)

    status, verify = run("status"), run("archive", "verify")
    check, compact = run("check", "--offline", "--format", "json"), run("archive", "compact")

    assert status.exit_code == 3
    assert not NEGATIVE.search(status.stdout)
    assert f"{archive / table}" in status.stderr
    assert verify.exit_code == 3
    assert f"{archive / table}" in verify.stdout
    assert [one for one in json.loads(check.stdout) if one["is"] == "wrong" and table in one["found"]]
    assert compact.exit_code == 1
    assert "archive repair" in compact.stderr
    assert not (archive / table).exists()


@pytest.mark.parametrize("table", ["activities", "events", "coverage"])
def test_a_lost_commit_is_refused(run: Run, archive: Path, table: str) -> None:
    max((archive / table / "_delta_log").glob("*.json")).unlink()

    compact, verify, status = run("archive", "compact"), run("archive", "verify"), run("status")

    assert compact.exit_code == 1
    assert "archive repair" in compact.stderr
    assert "commits of a table are lost" in verify.stdout
    assert not NEGATIVE.search(status.stdout)


@pytest.mark.parametrize("table", ["activities", "events", "coverage"])
def test_without_digests_the_tables_are_held_against_each_other(run: Run, archive: Path, table: str) -> None:
    shutil.rmtree(archive / "digests")
    shutil.rmtree(archive / table)

    compact = run("archive", "compact")

    assert compact.exit_code == 1
    assert "archive repair" in compact.stderr


def test_activities_older_than_events_are_refused_without_digests(run: Run, archive: Path) -> None:
    shutil.rmtree(archive / "digests")
    max((archive / "activities" / "_delta_log").glob("*.json")).unlink()

    compact = run("archive", "compact")

    assert compact.exit_code == 1
    assert "contradicts itself" in compact.stderr
    assert "archive repair" in compact.stderr
    assert "wrong" in run("check", "--offline", "--format", "json").stdout
