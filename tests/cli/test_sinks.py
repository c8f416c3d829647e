"""`sinks` from the command line, with a real OpenSearch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.engines.launch import Engine
from typer.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (tmp_path / "anthropic-audit.toml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def namespace(tmp_path: Path) -> str:
    """Return a data stream's namespace that only this test uses."""
    return f"cli{abs(hash(str(tmp_path))) % 10**8}"


@pytest.fixture
def sink(archive: Path, write: Callable[[str], None], opensearch: Engine, namespace: str) -> str:
    write(f'[[sinks]]\nname = "os"\nto = "opensearch"\nurls = ["{opensearch.url}"]\nnamespace = "{namespace}"\n')
    return f"{opensearch.url}/logs-anthropic.audit-{namespace}"


def changes(result: Result) -> list[str]:
    return [line.split("  ")[-1].strip() for line in result.stdout.splitlines()[1:]]


@pytest.mark.usefixtures("sink")
def test_a_cluster_is_set_up_once(run: Run) -> None:
    assert "would create" in run("sinks", "setup", "os", "--dry-run").stdout
    refused = run("sinks", "deliver", "os")
    assert refused.exit_code == 2
    assert "run `anthropic-audit sinks setup os`" in refused.stderr

    assert "create" in run("sinks", "setup", "os").stdout
    again = run("sinks", "setup", "os").stdout
    assert "create" not in again
    assert "update" not in again


def test_raw_activities_of_another_agent_become_events(run: Run, sink: str, namespace: str) -> None:
    run("sinks", "setup", "os")
    raw = {"id": "activity_raw", "type": "sso_login_failed", "created_at": "2026-11-18T09:00:00Z", "actor": None}

    pipeline = f"logs-anthropic.audit-{namespace}-raw"
    put = httpx2.put(f"{sink}/_create/ignored?pipeline={pipeline}&refresh=true", json={"message": json.dumps(raw)})
    hits = httpx2.get(f"{sink}/_search").json()["hits"]["hits"]

    assert put.status_code == 201
    assert [(hit["_id"], hit["_source"]["event"]["outcome"]) for hit in hits] == [("activity_raw", "failure")]
    assert hits[0]["_source"]["data_stream"]["namespace"] == namespace


def test_events_are_delivered_and_compared(run: Run, sink: str) -> None:
    run("sinks", "setup", "os")

    assert "os: 4 events delivered" in run("sinks", "deliver").stderr
    assert "os: 0 events delivered" in run("sinks", "deliver").stderr
    alike = run("sinks", "verify", "os", "--from", "30d")
    assert "4 events in the archive, 4 in the cluster" in alike.stdout
    (standing,) = json.loads(run("sinks", "status", "--format", "json").stdout)
    assert (standing["position"], standing["behind"], standing["created"], standing["oldest"]) == (4, 0, 4, None)
    assert "os" in run("sinks", "status").stdout
    assert "sink os: all events delivered" in run("status").stdout

    everything = {"query": {"match_all": {}}, "max_docs": 1}
    httpx2.post(f"{sink}/_delete_by_query?refresh=true", json=everything).raise_for_status()
    httpx2.post(f"{sink}/_rollover").raise_for_status()
    differing = run("sinks", "verify", "os", "--from", "30d", "--format", "json")
    assert differing.exit_code == 3
    assert [len(hour["missing"]) for hour in json.loads(differing.stdout)["differing"]] == [1]

    mended = run("sinks", "verify", "os", "--from", "30d", "--repair")
    assert mended.exit_code == 0
    assert "1 of 1 missing events were sent" in mended.stderr
    assert "0 created, 4 existed already, 0 rejected" in run("sinks", "replay", "os", "--from", "30d").stderr


def test_what_is_twice_and_what_is_strange_is_found(run: Run, sink: str) -> None:
    run("sinks", "setup", "os")
    run("sinks", "deliver")
    hit = httpx2.post(f"{sink}/_search", json={"size": 1}).json()
    httpx2.post(f"{sink}/_refresh")
    hit = httpx2.post(f"{sink}/_search", json={"size": 1}).json()["hits"]["hits"][0]
    httpx2.post(f"{sink}/_rollover").raise_for_status()
    for name in (hit["_id"], "activity_stranger"):
        httpx2.put(f"{sink}/_create/{name}?refresh=true", json=hit["_source"]).raise_for_status()

    found = json.loads(run("sinks", "verify", "os", "--from", "30d", "--format", "json").stdout)

    (hour,) = found["differing"]
    assert hour["strange"] == ["activity_stranger"]
    assert list(hour["doubled"]) == [hit["_id"]]


def test_rejected_events_are_listed_and_sent_again(run: Run, sink: str, opensearch: Engine) -> None:
    run("sinks", "setup", "os")
    ours = f"{opensearch.url}/_component_template/logs-anthropic.audit@custom"
    wrong = {"organization": {"properties": {"id": {"type": "ip"}}}}
    httpx2.put(ours, json={"template": {"mappings": {"properties": wrong}}}).raise_for_status()
    try:
        run("sinks", "deliver")
    finally:
        httpx2.put(ours, json={"template": {}}).raise_for_status()

    listed = run("sinks", "rejected", "os")
    rejected = json.loads(run("sinks", "rejected", "os", "--format", "json").stdout)
    assert len(rejected) == 4
    assert all("organization.id" in one["reason"] for one in rejected)
    assert "400" in listed.stdout
    assert run("sinks", "verify", "os", "--from", "30d").exit_code == 0
    assert run("sinks", "retry", "os").exit_code == 3

    httpx2.post(f"{sink}/_rollover").raise_for_status()
    mended = run("sinks", "retry", "os")
    assert mended.exit_code == 0
    assert "4 created" in mended.stderr
    assert "no rejected events" in run("sinks", "rejected", "os").stdout
    assert run("sinks", "verify", "os", "--from", "30d").exit_code == 0


def test_check_asks_the_cluster(run: Run, sink: str) -> None:
    del sink
    assert "no template for the data stream" in run("check").stdout
    run("sinks", "setup", "os")

    shown = run("check").stdout

    assert "opensearch 3.8.0 responds" in shown
    assert "is set up" in shown


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("settings", "command", "said"),
    [
        ('[[sinks]]\nname = "a"\nto = "opensearch"\nurl = "x"', ["deliver"], "did you mean `urls`?"),
        ('[[sinks]]\nname = "a"\nto = "opensearch"\npassword = "x"', ["deliver"], "settings never hold secrets"),
        ("", ["deliver"], "no sink is configured"),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "out"', ["deliver", "b"], "there is no such sink: b"),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "out"', ["setup", "a"], "which can't be set up or queried"),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "out"', ["replay", "a"], "a replay needs a start time"),
        ('[[sinks]]\nname = "a"\nto = "opensearch"', ["deliver"], "urls is missing"),
        ('[[sinks]]\nname = "a"\nto = "elasticsearch"', ["deliver"], "set either urls or cloud_id"),
        ('[[sinks]]\nname = "a"\nto = "http"\nurl = "http://x"\nauth = "hmac"', ["deliver"], "must be set together"),
        ('[[sinks]]\nname = "a"\nto = "http"\nurl = "hooks.example/x"', ["deliver"], "sinks[0].url: not a URL"),
        ('[[sinks]]\nname = "a"\nto = "splunk_hec"\nurl = "https://:8088"', ["deliver"], "not a URL"),
        ('[[sinks]]\nname = "a"\nto = "otlp"\nurl = "grpc://x:4317"', ["deliver"], "not a URL"),
        (
            '[[sinks]]\nname = "a"\nto = "opensearch"\nurls = ["x:9200"]',
            ["deliver"],
            "sinks[0].urls[0]: not a URL",
        ),
        (
            '[[sinks]]\nname = "a"\nto = "opensearch"\nurls = ["http://x"]\ndashboards_url = "x"',
            ["deliver"],
            "sinks[0].dashboards_url: not a URL",
        ),
        (
            '[[sinks]]\nname = "a"\nto = "opensearch"\nurls = ["http://x"]\nretention = "36h"',
            ["deliver"],
            "sinks[0].retention: must be whole days",
        ),
        ('[sinks]\nname = "a"\nto = "ndjson"', ["deliver"], "start each sink with `[[sinks]]`, not `[sinks]`"),
        ('sinks = ["a"]', ["deliver"], "sinks[0]: sinks is a list of tables"),
        ("sinks = 5", ["status"], "sinks: sinks is a list of tables"),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = ""', ["deliver"], "sinks[0].folder: must not be empty"),
        ('[[sinks]]\nname = "a"\nto = "kafka"\nbrokers = []', ["deliver"], "sinks[0].brokers: must not be empty"),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "o"\ntimeout = "0s"', ["deliver"], "longer than zero"),
        (
            '[[sinks]]\nname = "a"\nto = "http"\nurl = "http://x"\nheaders = { x = "a\\nb" }',
            ["deliver"],
            "sinks[0].headers: a header must have",
        ),
        (
            '[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "o"\n[[sinks]]\nname = "b"\nto = "ndjson"\nfolder = "o"',
            ["deliver"],
            "several sinks write into the same folder: o",
        ),
        ('[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "o"', ["rejected", "b"], "unknown sink: b"),
        (
            '[[sinks]]\nname = "a"\nto = "http"\nurl = "http://x"\nauth = "hmac"\nsecret_command = ["no-such"]',
            ["deliver"],
            "sink `a` has no key: the key's command can't be run",
        ),
        ('[[sinks]]\nname = "a"\nto = "nowhere"', ["deliver"], "elasticsearch"),
        (
            '[[sinks]]\nname = "a"\nto = "splunk_hec"\nurl = "http://x"\nsecret_env = "NONE_SUCH"',
            ["deliver"],
            "sink `a` has no key: environment variable not set or empty: NONE_SUCH",
        ),
    ],
)
def test_wrong_settings_are_explained(
    run: Run, write: Callable[[str], None], *, settings: str, command: list[str], said: str
) -> None:
    write(settings)

    result = run("sinks", *command)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "url", ["https://someone:hunter2@siem.example:9200", "https://someone:hunter2/x@siem.example:9200"]
)
def test_a_password_in_a_url_is_refused_and_never_shown(run: Run, write: Callable[[str], None], url: str) -> None:
    write(f'[[sinks]]\nname = "a"\nto = "elasticsearch"\nurls = ["{url}"]')

    result = run("sinks", "deliver", env={"ANTHROPIC_AUDIT_DEBUG": "1"})

    assert result.exit_code == 2
    assert "sinks[0].urls[0]: " in result.stderr
    assert "Traceback" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.usefixtures("archive")
def test_a_target_that_is_away_says_so(run: Run, write: Callable[[str], None]) -> None:
    write('[[sinks]]\nname = "a"\nto = "opensearch"\nurls = ["http://127.0.0.1:9"]')

    result = run("sinks", "deliver")

    assert result.exit_code == 3
    assert "no answer" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("archive")
def test_each_failing_sink_is_told_with_its_way_out_and_the_worst_one_counts(
    run: Run, write: Callable[[str], None], tmp_path: Path
) -> None:
    away = '[[sinks]]\nname = "away"\nto = "opensearch"\nurls = ["http://127.0.0.1:9"]\n'
    secretless = '[[sinks]]\nname = "hook"\nto = "http"\nurl = "http://127.0.0.1:9"\nauth = "bearer"\n'
    files = f'[[sinks]]\nname = "files"\nto = "ndjson"\nfolder = "{tmp_path / "out"}"\n'
    write(f'{away}{secretless}secret_env = "NONE_SUCH"\n{files}')

    result = run("sinks", "deliver")

    assert result.exit_code == 2
    assert result.stderr.count("error: ") == 2
    assert "hint: check urls, certificates and the network" in result.stderr
    assert "hint: set the variable" in result.stderr
    assert "files: 4 events delivered" in result.stderr


@pytest.mark.usefixtures("archive")
def test_a_secret_that_others_can_read_is_warned_about(run: Run, write: Callable[[str], None], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame")
    (tmp_path / "token").chmod(0o644)
    write('[[sinks]]\nname = "a"\nto = "opensearch"\nurls = ["http://127.0.0.1:9"]\nsecret_file = "token"')

    checked, delivered = run("check", "--offline").stdout, run("sinks", "deliver").stderr

    assert "sink a: secret" in checked
    assert "found in the file token" in checked
    assert "other users of this machine can read the key in token" in checked
    assert "warning: sink a: other users of this machine can read the key in token" in delivered


@pytest.mark.usefixtures("archive")
def test_files_are_written(run: Run, write: Callable[[str], None], tmp_path: Path) -> None:
    write(f'[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "{tmp_path / "out"}"')

    assert run("sinks", "deliver").exit_code == 0

    (file,) = (tmp_path / "out").iterdir()
    assert len(file.read_text().splitlines()) == 4
