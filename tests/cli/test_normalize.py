"""`normalize` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options

Run = Callable[..., Result]


def activity(number: int) -> dict[str, Any]:
    return {
        "id": f"activity_{number}",
        "created_at": "2026-11-23T09:00:00Z",
        "organization_id": None,
        "organization_uuid": None,
        "actor": {"type": "user_actor", "email_address": "alice@acme.example", "user_id": "user_a"},
        "type": "claude_chat_created",
        "claude_chat_id": f"claude_chat_{number}",
    }


def lines(*activities: dict[str, Any]) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in activities)


def documents(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_activity_becomes_a_document_in_order(run: Run) -> None:
    result = run("normalize", stdin=lines(*map(activity, range(1000))))

    assert result.exit_code == 0
    assert [one["event"]["id"] for one in documents(result)] == [f"activity_{number}" for number in range(1000)]


def test_a_document_is_what_the_normalizer_makes(run: Run) -> None:
    result = run("normalize", stdin=lines(activity(1)))

    expected = Normalizer(load()).document(orjson.dumps(activity(1)), Options())
    assert documents(result) == [orjson.loads(orjson.dumps(expected))]


def test_a_line_that_is_no_activity_gives_a_document_that_says_so(run: Run) -> None:
    result = run("normalize", stdin=lines(activity(1)) + b"{nonsense\n" + lines(activity(2)))

    first, broken, second = documents(result)
    assert result.exit_code == 0
    assert (first["event"]["id"], second["event"]["id"]) == ("activity_1", "activity_2")
    assert broken["error"]["message"]
    assert broken["event"]["original"] == "{nonsense"
    assert "1 lines are not activities" in result.stderr


def test_lines_of_white_space_give_nothing(run: Run) -> None:
    result = run("normalize", stdin=b"\n \r\n" + lines(activity(1)) + b"\n")

    assert len(documents(result)) == 1
    assert result.stderr == ""


def test_the_last_line_needs_no_end(run: Run) -> None:
    assert len(documents(run("normalize", stdin=lines(activity(1)).rstrip()))) == 1


def test_nothing_gives_nothing(run: Run) -> None:
    result = run("normalize", stdin=b"")

    assert (result.exit_code, result.stdout) == (0, "")


def test_the_text_as_received_is_kept_when_asked(run: Run) -> None:
    (document,) = documents(run("normalize", "--preserve-original-event", stdin=lines(activity(1))))

    assert json.loads(document["event"]["original"]) == activity(1)


def test_tags_and_namespace_are_taken_over(run: Run) -> None:
    (document,) = documents(
        run("normalize", "--tag", "a", "--tag", "b", "--namespace", "prod", stdin=lines(activity(1)))
    )

    assert document["tags"] == ["a", "b"]
    assert document["data_stream"]["namespace"] == "prod"


def test_events_can_be_written_in_ocsf(run: Run) -> None:
    result = run("normalize", "--schema", "ocsf", stdin=lines(activity(1)) + b"{nonsense\n" + lines(activity(2)))

    first, broken, second = documents(result)
    assert (first["class_name"], first["metadata"]["uid"]) == ("Web Resources Activity", "activity_1")
    assert first["message"].startswith("alice@acme.example")
    assert (broken["class_name"], broken["raw_data"]) == ("Base Event", "{nonsense")
    assert second["metadata"]["uid"] == "activity_2"
    assert second["metadata"]["original_time"] == activity(2)["created_at"]
    assert "1 lines are not activities" in result.stderr


def test_options_are_told_in_ocsf_s_words(run: Run) -> None:
    (event,) = documents(
        run("normalize", "--schema", "ocsf", "--tag", "a", "--preserve-original-event", stdin=lines(activity(1)))
    )

    assert event["metadata"]["labels"] == ["a", "preserve_original_event"]
    assert json.loads(event["raw_data"]) == activity(1)


def test_an_unknown_schema_is_refused(run: Run) -> None:
    assert run("normalize", "--schema", "cef", stdin=b"").exit_code == 2


def test_addresses_and_user_agents_are_enriched_as_the_settings_say(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[enrichment]\ngeoip_files = ["./gone.mmdb"]\n', encoding="utf-8")
    one = activity(1)
    one["actor"] |= {"ip_address": "68.173.20.1", "user_agent": "claude-cli/2.0.14 (external, cli)"}

    result = run("normalize", "--config", str(tmp_path / "own.toml"), stdin=lines(one, one))

    first, second = documents(result)
    assert result.exit_code == 0
    assert first == second
    assert first["user_agent"]["name"] == "claude-cli"
    assert "geo" not in first["source"]
    assert result.stderr.count("gone.mmdb") == 1


def test_a_line_that_is_too_long_gives_an_event_and_the_lines_after_it_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anthropic_audit.cli.normalize.MAX_LINE_BYTES", 1_000)
    short = b'{"id":"a","type":"claude_chat_created","created_at":"2026-05-22T09:00:00Z"}'
    lines = [short, b'{"x":"' + b"a" * 5_000 + b'"}', short + b" " * (1_000 - len(short)), b"b" * 3_000]

    done = run("normalize", stdin=b"\n".join(lines))

    kinds = [orjson.loads(line)["event"]["kind"] for line in done.stdout.splitlines()]
    assert kinds == ["event", "pipeline_error", "event", "pipeline_error"]
    assert done.stdout.count("the line is longer than 1,000 bytes") == 2
    assert "2 lines are not activities" in done.stderr
