"""`export` from the command line."""

from __future__ import annotations

import json
import resource
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
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        result = run("export", "--what", "activities", "--output", str(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert result.exit_code == 2
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


PROCESSORS = """
[[processors]]
do = "hash_fields"
fields = ["user.email"]
key_env = "HASH_KEY"

[[processors]]
do = "drop_events"
when = { "event.action" = "%s" }
"""


@pytest.mark.usefixtures("archive")
def test_processors_stand_between_the_archive_and_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(PROCESSORS % "*_key_created", encoding="utf-8")
    whole = run("export", "--what", "events", "--unprocessed").stdout.splitlines()
    kept = [json.loads(line) for line in whole if "key_created" not in line]

    result = run("export", "--what", "events", env={"HASH_KEY": "0123456789abcdef"})

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.stderr
    assert [one["event"]["id"] for one in events] == [one["event"]["id"] for one in kept]
    assert "@acme.example" not in {one["user"]["email"] for one in events}
    assert {len(one["user"]["email"]) for one in events} == {64}
    assert f"exported {len(kept)} events, {4 - len(kept)} more dropped by processors" in result.stderr


@pytest.mark.usefixtures("archive")
def test_activities_do_not_pass_by_processors_unsaid(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(PROCESSORS % "*", encoding="utf-8")

    refused = run("export", "--what", "activities", env={"HASH_KEY": "0123456789abcdef"})
    said = run("export", "--what", "activities", "--unprocessed")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--unprocessed" in refused.stderr
    assert numbers(said.stdout) == [1, 2, 3, 4]


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "environment variable not set or empty: HASH_KEY"),
        ({"HASH_KEY": "short-key"}, "shorter than 16 characters"),
    ],
)
def test_a_hash_needs_a_key(run: Run, tmp_path: Path, env: dict[str, str], words: str) -> None:
    (tmp_path / "anthropic-audit.toml").write_text(PROCESSORS % "*", encoding="utf-8")

    result = run("export", "--what", "events", env=env)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "short-key" not in result.stderr


@pytest.mark.usefixtures("archive")
def test_events_are_exported_in_ocsf(run: Run) -> None:
    result = run("export", "--what", "events", "--schema", "ocsf")

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["metadata"]["uid"] for one in events] == [f"activity_{n}" for n in (1, 2, 3, 4)]
    assert all(one["class_uid"] and one["message"] for one in events)
    refused = run("export", "--what", "activities", "--schema", "ocsf")
    assert (refused.exit_code, refused.stdout) == (2, "")
