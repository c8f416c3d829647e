"""`export` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from typer.testing import Result

Run = Callable[..., Result]


def numbers(text: str) -> list[int]:
    documents = [json.loads(line) for line in text.splitlines()]
    return [int((one.get("id") or one["event"]["id"]).removeprefix("activity_")) for one in documents]


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("what", ["activities", "events"])
def test_records_come_in_the_order_they_were_stored(run: Run, what: str) -> None:
    result = run("export", "--what", what)

    assert result.exit_code == 0, result.stderr
    assert numbers(result.stdout) == [1, 2, 3, 4]
    assert f"exported 4 {what}" in result.stderr


@pytest.mark.usefixtures("archive")
def test_activities_are_the_bytes_as_received(run: Run) -> None:
    result = run("export", "--what", "activities")

    lines = result.stdout_bytes.splitlines()
    assert [orjson.dumps(json.loads(line)) for line in lines] == lines


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("args", "found"),
    [
        pytest.param(["--from", "24h"], [3, 4], id="from"),
        pytest.param(["--to", "24h"], [1, 2], id="to"),
        pytest.param(["--feed", "acme"], [1, 2, 3, 4], id="feed"),
        pytest.param(["--feed", "other"], [], id="a feed that is not there"),
    ],
)
def test_a_selection_is_kept_to(run: Run, args: list[str], found: list[int]) -> None:
    assert numbers(run("export", "--what", "events", *args).stdout) == found


@pytest.mark.usefixtures("archive")
def test_a_file_is_written_whole(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.ndjson"

    result = run("export", "--what", "activities", "--output", str(target))

    assert result.exit_code == 0
    assert result.stdout == ""
    assert numbers(target.read_text(encoding="utf-8")) == [1, 2, 3, 4]


@pytest.mark.usefixtures("archive")
def test_a_failed_export_leaves_the_old_file_and_nothing_else(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out" / "out.ndjson"
    target.parent.mkdir()
    target.write_text("old", encoding="utf-8")
    for file in (tmp_path / "archive" / "activities").rglob("*.parquet"):
        file.write_bytes(b"damaged")

    result = run("export", "--what", "activities", "--output", str(target))

    assert result.exit_code == 1
    assert [path.name for path in target.parent.iterdir()] == ["out.ndjson"]
    assert target.read_text(encoding="utf-8") == "old"


@pytest.mark.usefixtures("archive")
def test_a_file_that_can_not_be_written_is_named(run: Run, tmp_path: Path) -> None:
    result = run("export", "--what", "events", "--output", str(tmp_path / "none" / "x"))

    assert result.exit_code == 2
    assert "the file can't be written" in result.stderr


def test_what_to_export_must_be_said(run: Run) -> None:
    assert run("export").exit_code == 2


def test_the_help_explains_the_line_breaks(run: Run) -> None:
    assert "as spaces" in " ".join(run("export", "--help").stdout.split())


def test_a_span_of_time_is_checked(run: Run) -> None:
    assert run("export", "--what", "events", "--from", "1h", "--to", "2h").exit_code == 2
