"""`catalogue` from the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from anthropic_audit.catalogue import load
from anthropic_audit.model import Activity, Received
from anthropic_audit.schemas import event_schema

Run = Callable[..., Result]
NOW = datetime.now(UTC).replace(microsecond=0)
Json = Any


def test_all_types_are_listed_with_what_they_mean(run: Run) -> None:
    result = run("catalogue", "list", "--format", "json")

    listed = {one["name"]: one for one in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert set(listed) == set(load().types)
    assert listed["sso_login_failed"]["category"] == ["authentication"]
    assert listed["sso_login_failed"]["outcome"] == "failure"
    assert listed["compliance_api_accessed"]["outcome"] == "by status_code"


@pytest.mark.parametrize(
    ("args", "some", "none"),
    [
        pytest.param(["auth/*"], "sso_login_failed", "claude_chat_viewed", id="group"),
        pytest.param(["*_viewed", "sso_login_failed"], "sso_login_failed", "sso_login_succeeded", id="patterns"),
        pytest.param(["--family", "sign_in"], "sso_login_failed", "org_sso_toggled", id="family"),
        pytest.param(["*_failed", "--family", "auth"], "sso_login_failed", "claude_chat_access_failed", id="both"),
        pytest.param(
            ["--sensitivity", load().types["claude_chat_viewed"].sensitivity],
            "claude_chat_viewed",
            None,
            id="sensitivity",
        ),
    ],
)
def test_a_part_of_the_types_is_listed(run: Run, args: list[str], some: str, none: str | None) -> None:
    result = run("catalogue", "list", *args, "--format", "json")

    names = [one["name"] for one in json.loads(result.stdout)]
    assert some in names
    assert none not in names
    assert names == sorted(names)


def test_a_table_of_types_has_a_line_for_each(run: Run) -> None:
    result = run("catalogue", "list", "api_keys/*")

    lines = result.stdout.splitlines()
    assert lines[0].split() == ["name", "category", "type", "outcome", "sensitivity", "description"]
    assert [line.split()[0] for line in lines[1:]] == sorted(
        kind.name for kind in load().types.values() if kind.family == "api_keys"
    )
    assert f"8 of {len(load().types)} types" in result.stderr


def test_a_table_for_other_programs_is_csv(run: Run) -> None:
    result = run("catalogue", "list", "sso_login_*", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["name"] for row in rows] == ["sso_login_failed", "sso_login_initiated", "sso_login_succeeded"]
    assert rows[2]["category"] == "authentication session"


def test_a_type_is_shown_with_where_each_field_goes(run: Run) -> None:
    result = run("catalogue", "show", "compliance_api_accessed", "--format", "json")

    card = json.loads(result.stdout)
    where = {one["name"]: one["where"] for one in card["fields"]}
    assert card["activity type"] == "compliance_api_accessed"
    assert card["outcome"].startswith("by status_code (200 to 299: success")
    assert where["status_code"] == ["http.response.status_code"]
    assert where["request_body"] == ["anthropic.audit.request_body"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("sso_login_failed", ["activity type", "sso_login_failed", "authentication"], id="type"),
        pytest.param("claude_chat_id", ["field of activities", "anthropic.audit.claude_chat_id"], id="field"),
        pytest.param("principal_id", ["user.target.id if principal_type is user"], id="conditional-field"),
        pytest.param("anthropic.audit.seat_count", ["field of events", "long", "seat_count"], id="field-of-events"),
        pytest.param("user.target.id", ["field of events", "deleted_user_id"], id="ecs-field"),
        pytest.param("user.email", ["user_actor.email_address"], id="ecs-field-of-actors"),
        pytest.param("user_actor", ["kind of actor", "source.ip", "user.email"], id="actor"),
        pytest.param("federated", ["federated_actor", "cloud.origin.provider (provider.type)"], id="actor-in-short"),
    ],
)
def test_everything_with_a_name_is_shown(run: Run, name: str, words: list[str]) -> None:
    result = run("catalogue", "show", name)

    assert result.exit_code == 0
    assert [word for word in words if word not in result.stdout] == []


def test_a_name_of_several_things_shows_them_all(run: Run) -> None:
    result = run("catalogue", "show", "role", "--format", "json")

    assert json.loads(result.stdout)["field of activities"] == "role"


def test_what_a_new_type_would_be_taken_for_is_told(run: Run) -> None:
    result = run("catalogue", "show", "--guess", "claude_orbit_login_failed", "--format", "json")

    card = json.loads(result.stdout)
    assert (card["category"], card["outcome"]) == (["authentication"], "failure")


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        pytest.param(["show", "sso_login_suceeded"], "did you mean `sso_login_succeeded`?", id="type"),
        pytest.param(["show", "qqqqqqqqqqqq"], "catalogue show --guess qqqqqqqqqqqq", id="nothing-like-it"),
        pytest.param(["list", "sso_login_suceeded"], "did you mean `sso_login_succeeded`?", id="listed-type"),
        pytest.param(["list", "--family", "sign_on"], "did you mean `sign_in/*`?", id="family"),
        pytest.param(["list", "auht/*"], "did you mean `auth/*`?", id="group"),
    ],
)
def test_a_name_that_nobody_has_exits_2_and_says_what_was_meant(run: Run, args: list[str], hint: str) -> None:
    result = run("catalogue", *args)

    assert result.exit_code == 2
    assert hint in result.stderr
    assert result.stdout == ""


def test_lint_counts_what_the_catalogue_knows(run: Run) -> None:
    result = run("catalogue", "lint", "--format", "json")

    told = json.loads(result.stdout)
    assert result.exit_code == (1 if told["findings"] else 0)
    assert (told["counts"]["types"], told["counts"]["actors"]) == (len(load().types), 11)
    assert (told["counts"]["published"], len(told["counts"]["deviating"])) == (305, 6)


def test_lint_prints_its_counts_for_people(run: Run) -> None:
    shown = run("catalogue", "lint").stdout

    assert f"{len(load().types)} in 23 families, all categorized by hand" in shown
    assert "305 types, 299 categorized alike, 6 not" in shown


FILE = """\
[[feeds]]
name = "acme"
activity_types = ["api_keys/*_deleted", "sso_login_failed"]

[[feeds]]
name = "other"
exclude_activity_types = [
    "sso_login_suceeded",
    "keyz/*",
    "*_never",
]
"""


def test_lint_of_a_settings_file_points_at_what_is_wrong(run: Run, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(FILE)

    result = run("catalogue", "lint", "audit.toml")

    assert result.exit_code == 1
    assert (
        "audit.toml:7: unknown activity type `sso_login_suceeded`, did you mean `sso_login_succeeded`?" in result.stdout
    )
    assert "audit.toml:7: there is no group of activity types `keyz`: did you mean `keys/*`?" in result.stdout
    assert "audit.toml:7: no activity type matches `*_never`" in result.stdout
    assert "audit.toml:3: api_keys/*_deleted means admin_api_key_deleted, scoped_api_key_deleted" in result.stdout
    assert "3 problems" in result.stdout


def test_lint_of_a_settings_file_without_a_mistake_exits_0(run: Run, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(FILE.partition('\n[[feeds]]\nname = "other"')[0])

    result = run("catalogue", "lint", "audit.toml", "--format", "json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["findings"]) == (0, [])
    assert told["filters"][0]["types"] == ["admin_api_key_deleted", "scoped_api_key_deleted"]


def test_lint_warns_of_filters_that_are_too_long_for_an_address(run: Run, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[[feeds]]\nname = "acme"\nactivity_types = ["*"]\n')

    result = run("catalogue", "lint", "audit.toml")

    assert result.exit_code == 1
    assert "bytes of `activity_types` in each request may be more than servers accept" in result.stdout


def test_the_schema_is_written_to_a_file_or_printed(run: Run, tmp_path: Path) -> None:
    printed = run("catalogue", "schema")
    written = run("catalogue", "schema", "--output", "event.schema.json")

    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert json.loads(printed.stdout) == json.loads((tmp_path / "event.schema.json").read_text())
    assert json.loads(printed.stdout) == json.loads(json.dumps(event_schema(load())))


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_templates_are_written_to_a_folder(run: Run, tmp_path: Path, engine: str) -> None:
    result = run("catalogue", "templates", "--output", "made/here", "--for", engine)

    made = {file.name: json.loads(file.read_text()) for file in (tmp_path / "made" / "here").iterdir()}
    kind = made["component_template-logs-anthropic.audit@package.json"]["template"]["mappings"]["properties"]
    assert result.exit_code == 0
    assert set(made) == {
        "component_template-logs-anthropic.audit@package.json",
        "index_template-logs-anthropic.audit.json",
        "ingest_pipeline-logs-anthropic.audit-raw.json",
    }
    assert kind["anthropic"]["properties"]["audit"]["properties"]["metadata"]["type"] in {"flattened", "flat_object"}


@pytest.mark.parametrize(
    "args", [["schema", "--output", "none/x.json"], ["templates", "--output", "file/x"]], ids=["schema", "templates"]
)
def test_a_place_that_can_not_be_written_exits_2(run: Run, tmp_path: Path, args: list[str]) -> None:
    (tmp_path / "file").write_text("")

    result = run("catalogue", *args)

    assert result.exit_code == 2
    assert "can't be" in result.stderr


@pytest.fixture
def drifted(make_archive: Callable[..., Path]) -> Path:
    """An archive with a type, a field, an actor's member and an enum value that the catalogue lacks."""
    return make_archive([received(number, one) for number, one in enumerate(DRIFTED)], [])


def received(number: int, fields: Json) -> Received:
    raw = json.dumps({"id": f"activity_{number}", "created_at": NOW.isoformat(), **fields}).encode()
    activity = Activity(f"activity_{number}", fields["type"], NOW, None, raw, sha256(raw).digest())
    return Received(activity, "acme", NOW, "req_1", "walk_1")


ALICE = {
    "type": "user_actor",
    "email_address": "alice@acme.example",
    "user_id": "user_alice",
    "ip_address": "203.0.113.5",
    "user_agent": "Mozilla/5.0",
}
DRIFTED = [
    {"type": "claude_chat_created", "actor": ALICE, "claude_chat_id": "c"},
    {"type": "claude_orbit_created", "actor": ALICE, "orbit_id": "o"},
    {"type": "claude_orbit_created", "actor": ALICE, "orbit_id": "p"},
    {"type": "claude_chat_viewed", "actor": {**ALICE, "hat": "red"}, "claude_chat_id": "c", "mood": 1},
    {
        "type": "compliance_api_accessed",
        "actor": {"type": "api_actor", "api_key_id": "k"},
        "request_method": "BREW",
        "status_code": 418,
        "url": "/",
        "request_id": "r",
    },
]


@pytest.mark.usefixtures("drifted")
def test_drift_is_told_with_how_often_and_an_example(run: Run) -> None:
    result = run("catalogue", "drift", "--format", "json")

    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert [(one["missing"], one["of"], one["name"], one["value"], one["times"]) for one in told["missing"]] == [
        ("type", None, "claude_orbit_created", None, 2),
        ("field", "claude_chat_viewed", "mood", None, 1),
        ("actor member", "user_actor", "hat", None, 1),
        ("enum value", "compliance_api_accessed", "request_method", "BREW", 1),
    ]
    assert told["missing"][0]["example_id"] == "activity_1"
    assert (told["activities"], told["unreadable"]) == (5, 0)
    assert {one["file"] for one in told["proposals"]} >= {"fields.yaml", "actors.yaml"}


@pytest.mark.usefixtures("drifted")
def test_drift_as_a_table_and_as_lines_for_the_catalogue(run: Run) -> None:
    table, lines = run("catalogue", "drift"), run("catalogue", "drift", "--format", "yaml")

    assert table.stdout.splitlines()[1].split()[:3] == ["type", "claude_orbit_created", "2"]
    assert "4 missing: 5 activities" in table.stderr
    assert "\nclaude_orbit_created:\n  description:" in lines.stdout
    assert "orbit_id: {type: keyword" in lines.stdout


@pytest.mark.usefixtures("drifted")
def test_drift_of_a_span_looks_at_nothing_else(run: Run) -> None:
    result = run("catalogue", "drift", "--to", "30d", "--format", "json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["activities"] == 0


@pytest.mark.usefixtures("archive")
def test_an_archive_without_anything_new_has_no_drift(run: Run) -> None:
    result = run("catalogue", "drift")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing is missing in the catalogue: 4 activities" in result.stderr
