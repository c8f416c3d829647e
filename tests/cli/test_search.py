"""`search` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


def ids(result: Result) -> list[str]:
    return [json.loads(line)["event"]["id"] for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("archive")
def test_a_table_has_a_line_for_each_event_the_newest_first(run: Run) -> None:
    result = run("search")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["time", "action", "actor", "outcome", "source", "target"]
    assert [line.split()[1] for line in lines[1:]] == [
        "claude_chat_viewed",
        "admin_api_key_created",
        "sso_login_failed",
        "claude_chat_created",
    ]
    assert "bob@acme.example" in lines[1]
    assert "198.51.100.7" in lines[1]
    assert "claude_chat_1" in lines[1]


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("args", "found"),
    [
        pytest.param(["ALICE"], [3, 1], id="word"),
        pytest.param(["alice", "apikey_1"], [3], id="words"),
        pytest.param(["--from", "24h"], [4, 3], id="from"),
        pytest.param(["--from", "4d", "--to", "1d"], [2, 1], id="span"),
        pytest.param(["-f", "event.action=claude_chat_*"], [4, 1], id="wildcard"),
        pytest.param(["-f", "user.email!=alice@acme.example"], [4, 2], id="unequal"),
        pytest.param(["-f", "source.ip=203.0.113.0/24"], [3, 1], id="network"),
        pytest.param(["-f", "source.ip=203.0.113.0/24", "-f", "@timestamp>1d"], [3], id="two filters"),
        pytest.param(["-f", "anthropic.audit.claude_chat_id=claude_chat_1"], [4, 1], id="field of the vendor"),
        pytest.param(["--limit", "1"], [4], id="limit"),
        pytest.param(["--limit", "0", "--oldest-first"], [1, 2, 3, 4], id="oldest first"),
    ],
)
def test_what_fits_is_printed_as_documents(run: Run, args: list[str], found: list[int]) -> None:
    result = run("search", "--format", "ndjson", *args)

    assert result.exit_code == 0, result.stderr
    assert ids(result) == [f"activity_{number}" for number in found]


@pytest.mark.usefixtures("archive")
def test_json_is_one_list(run: Run) -> None:
    result = run("search", "--format", "json", "alice")

    assert [one["event"]["id"] for one in json.loads(result.stdout)] == ["activity_3", "activity_1"]


@pytest.mark.usefixtures("archive")
def test_json_of_nothing_is_an_empty_list(run: Run) -> None:
    result = run("search", "--format", "json", "nobody-of-this-name")

    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert "no events found" in result.stderr


@pytest.mark.usefixtures("archive")
def test_columns_are_the_fields_that_are_asked_for(run: Run) -> None:
    table = run("search", "--columns", "user.name, event.category,url.path", "--limit", "1")
    lines = run("search", "--columns", "user.name,event.category,url.path", "--limit", "1", "--format", "ndjson")

    assert table.stdout.splitlines()[0].split() == ["user.name", "event.category", "url.path"]
    assert table.stdout.splitlines()[1].split() == ["bob", "web", "-"]
    assert json.loads(lines.stdout) == {"user.name": "bob", "event.category": ["web"], "url.path": None}


@pytest.mark.usefixtures("archive")
def test_a_cut_table_says_so_on_stderr(run: Run) -> None:
    result = run("search", "--limit", "3")

    assert "more hits than these 3" in result.stderr
    assert "more" not in result.stdout


@pytest.mark.usefixtures("archive")
def test_a_table_that_is_not_cut_says_nothing(run: Run) -> None:
    assert run("search", "--limit", "4").stderr == ""


@pytest.mark.usefixtures("archive")
def test_a_misspelled_type_is_pointed_at(run: Run) -> None:
    result = run("search", "-f", "event.action=sso_login_faild")

    assert "did you mean `sso_login_failed`?" in result.stderr


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param(["-f", "event.actoin=x"], "did you mean `event.action`?", id="unknown field"),
        pytest.param(["--columns", "event.actoin"], "did you mean `event.action`?", id="unknown column"),
        pytest.param(["-f", "event.action"], "not a filter", id="no operator"),
        pytest.param(["-f", "event.action'=x"], "not a field name", id="impossible name"),
        pytest.param(["-f", "http.response.status_code>x"], "is a number", id="no number"),
        pytest.param(["--from", "yesterday"], "not a time", id="no time"),
        pytest.param(["--from", "1d", "--to", "2d"], "ends before it starts", id="backwards"),
        pytest.param(["--limit", "-1"], "--limit", id="negative limit"),
        pytest.param(["--format", "xml"], "--format", id="unknown format"),
    ],
)
def test_wrong_use_is_told_and_exits_2(run: Run, args: list[str], words: str) -> None:
    result = run("search", *args)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_without_an_archive_the_way_to_one_is_told(run: Run, tmp_path: Path) -> None:
    result = run("search", "--archive", str(tmp_path / "none"))

    assert result.exit_code == 2
    assert "there is no archive at" in result.stderr
    assert "hint: run `anthropic-audit collect --once` first" in result.stderr


def test_events_are_told_in_sentences(run: Run, archive: Path) -> None:
    result = run(
        "search", "--archive", str(archive), "--format", "sentences", "-f", "event.action=admin_api_key_created"
    )

    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert "  alice@acme.example" in line
    assert "apikey_1" in line
