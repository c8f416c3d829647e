"""`archive` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.mark.usefixtures("archive")
def test_a_good_archive_is_said_to_be_right(run: Run) -> None:
    result = run("archive", "verify")

    assert result.exit_code == 0, result.stderr
    assert "every hash, record and claim is correct" in result.stdout
    assert json.loads(run("archive", "verify", "--format", "json").stdout) == []


@pytest.mark.usefixtures("archive")
def test_files_are_merged_and_deleted(run: Run) -> None:
    compacted = run("archive", "compact")
    vacuumed = run("archive", "vacuum", "--grace", "0s")

    assert (compacted.exit_code, vacuumed.exit_code) == (0, 0)
    assert "activities: " in compacted.stderr
    assert "files deleted" in vacuumed.stderr
    assert run("archive", "verify").exit_code == 0


@pytest.mark.usefixtures("archive")
def test_what_is_wrong_is_listed_and_has_an_exit_code(run: Run, tmp_path: Path) -> None:
    for file in (tmp_path / "archive" / "activities").rglob("*.parquet"):
        rows = pq.ParquetFile(file).read()
        raw = pa.array([b"{}"] * rows.num_rows, pa.binary())
        pq.write_table(rows.set_column(rows.schema.get_field_index("raw"), "raw", raw), file)

    result = run("archive", "verify")

    assert result.exit_code == 3
    assert "SHA-256" in result.stdout
    assert "activity_" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("archive")
def test_what_is_too_old_is_removed_when_that_is_set(run: Run, tmp_path: Path) -> None:
    assert "nothing is removed" in run("archive", "retain").stderr
    (tmp_path / "anthropic-audit.toml").write_text(
        '[retention]\nkeep = "35d"\nholds = [{ from = 2020-01-01, to = 2020-12-31, reason = "case 7" }]\n', "utf-8"
    )

    assert "would remove 0 activities of 0 days" in run("archive", "retain", "--dry-run").stderr
    assert "removed 0 activities" in run("archive", "retain").stderr


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('keep = "5d"', "keep must be at least 35d"),
        ('holds = [{ from = 2020-02-01, to = 2020-01-01, reason = "x" }]', "is before its `from`"),
        ("holds = [{ from = 2020-02-01, to = 2020-03-01 }]", "retention.holds[0].reason: required, but missing"),
    ],
)
def test_wrong_retention_is_refused(run: Run, tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(f"[retention]\n{table}\n", encoding="utf-8")

    result = run("archive", "retain")

    assert result.exit_code == 2
    assert words in result.stderr
