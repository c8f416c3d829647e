"""`collect` from the command line, from the simulator into an archive."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serving import ids, key, truth
from typer.testing import Result

from anthropic_audit.simulator import Fault, Server

Run = Callable[..., Result]
KEY_VARIABLE = "ANTHROPIC_COMPLIANCE_ACCESS_KEY"


def test_one_key_is_enough_to_collect_everything_into_the_default_archive(
    run: Run, server: Server, tmp_path: Path
) -> None:
    result = run("collect", "--once", "--url", server.url, "--initial-interval", "25h", env={KEY_VARIABLE: key(server)})

    assert result.exit_code == 0, result.stderr
    assert ids(tmp_path / "archive") == truth(server)
    assert result.stdout == ""


def test_a_second_run_brings_nothing_twice(run: Run, server: Server, tmp_path: Path) -> None:
    args = ["collect", "--once", "--url", server.url, "--initial-interval", "25h"]

    run(*args, env={KEY_VARIABLE: key(server)})
    result = run(*args, env={KEY_VARIABLE: key(server)})

    assert result.exit_code == 0
    assert ids(tmp_path / "archive") == truth(server)


def test_what_happens_is_logged_as_json_without_the_key(run: Run, server: Server) -> None:
    result = run("collect", "--once", "--url", server.url, env={KEY_VARIABLE: key(server)})

    lines = [json.loads(line) for line in result.stderr.splitlines()]
    walks = [line for line in lines if line["event"] == "walk finished"]
    assert walks[-1]["feed"] == "default"
    assert walks[-1]["request_id"].startswith("req_")
    assert key(server) not in result.stderr


REFUSALS = {
    "revoked": (1, ["401", "authentication_error", "revoked: put a new key", "request-id: req_"]),
    "narrow": (1, ["403", "Got: [", "Needed: [", "read:compliance_activities"]),
    "early_admin": (1, ["403", "Admin API key that was created after"]),
    "claude": (2, ["wrong kind", "sk-ant-api01-", "sk-ant-admin01-"]),
}
"""Exit code and words of the message, by name of the simulator's key."""


@pytest.mark.parametrize("name", REFUSALS)
def test_a_key_that_does_not_work_is_explained(run: Run, server: Server, name: str) -> None:
    code, words = REFUSALS[name]

    result = run("collect", "--once", "--url", server.url, env={KEY_VARIABLE: key(server, name)})

    assert result.exit_code == code
    assert "error: feed" in result.stderr
    assert "\nhint: " in result.stderr
    assert [word for word in words if word not in result.stderr] == []
    assert key(server, name) not in result.stderr


def test_without_a_key_it_is_said_where_one_was_looked_for(run: Run) -> None:
    result = run("collect", "--once")

    assert result.exit_code == 2
    assert "ANTHROPIC_COMPLIANCE_ACCESS_KEY and ANTHROPIC_ADMIN_KEY" in result.stderr


def test_an_unreachable_host_is_named(run: Run, server: Server) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    env = {KEY_VARIABLE: key(server), "ANTHROPIC_AUDIT_FEEDS__DEFAULT__GIVE_UP_AFTER": "0s"}

    result = run("collect", "--once", "--url", url, env={**env, "ANTHROPIC_AUDIT_FEEDS__DEFAULT__URL": url})

    assert result.exit_code == 1
    assert f"no answer from {url}" in result.stderr
    assert "hint: check url, proxy_url, ca_file and the network" in result.stderr


def test_an_unknown_activity_type_is_refused_by_the_api_and_quoted(run: Run, server: Server, tmp_path: Path) -> None:
    text = f'[[feeds]]\nname = "acme"\nurl = "{server.url}"\nactivity_types = ["sso_login_faild"]\n'
    (tmp_path / "anthropic-audit.toml").write_text(text, encoding="utf-8")

    result = run("collect", "--once", env={KEY_VARIABLE: key(server)})

    assert result.exit_code == 1
    assert "400 (invalid_request_error" in result.stderr
    assert "`sso_login_faild`: did you mean `sso_login_failed`?" in result.stderr


def test_an_archive_that_can_not_be_written_is_named(run: Run, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    result = run("collect", "--once", "--url", server.url, "--archive", "file/archive", env={KEY_VARIABLE: key(server)})

    assert result.exit_code == 1
    assert "the archive can't be used" in result.stderr
    assert "file/archive" in result.stderr


def test_a_feed_that_is_not_configured_is_named_with_the_nearest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "anthropic-audit.toml").write_text('[[feeds]]\nname = "acme"\n', encoding="utf-8")

    result = run("collect", "--once", "--feed", "acmee")

    assert result.exit_code == 2
    assert "did you mean acme?" in result.stderr


def test_a_key_file_that_others_can_read_is_warned_about(run: Run, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(key(server), encoding="utf-8")
    path.chmod(0o644)
    env = {"ANTHROPIC_AUDIT_FEEDS__ACME__API_KEY_FILE": str(path), "ANTHROPIC_AUDIT_FEEDS__ACME__URL": server.url}

    result = run("collect", "--once", env=env)

    assert result.exit_code == 0
    assert "warning: feed acme: other users of this machine can read the key" in result.stderr


def test_one_feeds_failure_does_not_keep_the_others(run: Run, server: Server, tmp_path: Path) -> None:
    feeds = [("bad", "BAD_KEY"), ("good", "GOOD_KEY")]
    text = "".join(f'[[feeds]]\nname = "{name}"\nurl = "{server.url}"\napi_key_env = "{key}"\n' for name, key in feeds)
    (tmp_path / "anthropic-audit.toml").write_text(text, encoding="utf-8")

    result = run("collect", "--once", env={"BAD_KEY": key(server, "revoked"), "GOOD_KEY": key(server)})

    assert result.exit_code == 1
    assert "error: feed bad: " in result.stderr
    assert "feed good" not in result.stderr
    assert ids(tmp_path / "archive") != []


def start(server: Server, folder: Path, *args: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from anthropic_audit.cli import main; main()", "collect", "--url", server.url]
    environment = {**os.environ, KEY_VARIABLE: key(server)}
    return subprocess.Popen([*command, *args], cwd=folder, env=environment, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_following_ends_cleanly_when_stopped(server: Server, tmp_path: Path, number: int) -> None:
    with start(server, tmp_path, "--follow", "--initial-interval", "25h") as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if b"walk finished" in line)
        process.send_signal(number)
        _, rest = process.communicate(timeout=20)

    assert process.returncode == 0
    assert json.loads(line)["feed"] == "default"
    assert b"stopped on request: stored activities stay" in rest
    assert b"error" not in rest


def test_a_single_run_that_is_stopped_says_that_something_is_left(server: Server, tmp_path: Path) -> None:
    server.vendor.faults.queue(Fault("429", times=1000, retry_after=30))

    with start(server, tmp_path, "--once") as process:
        assert process.stderr is not None
        next(line for line in process.stderr if b"waiting" in line)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)

    assert process.returncode == 3
    assert time.monotonic() - started < 10
