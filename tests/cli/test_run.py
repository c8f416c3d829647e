"""The service, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.serving import ids, key, truth

from anthropic_audit.simulator import Server

Service = subprocess.Popen[str]
COMMAND = [sys.executable, "-c", "from anthropic_audit.cli import main; main()", "run"]
SETTINGS = """
[[feeds]]
name = "acme"
api_key_env = "GOOD_KEY"
url = "{url}"
initial_interval = "25h"
interval = "2s"
settle = "1s"
"""
SECOND = """
[[feeds]]
name = "second"
api_key_env = "{key}"
url = "{url}"
initial_interval = "25h"
interval = "2s"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def eventually(is_so: Callable[[], Any], seconds: float = 20.0) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with_result = is_so()
        if with_result:
            return with_result
        time.sleep(0.1)
    pytest.fail("it never happened")


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Place:
    """A folder with settings, and a service that may run in it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.port = free_port()
        self.log = folder / "log"

    def write(self, *more: str) -> None:
        (self.folder / "anthropic-audit.toml").write_text(
            "".join([SETTINGS, *more]).replace("{url}", self.server.url), encoding="utf-8"
        )

    @contextmanager
    def running(self) -> Iterator[Service]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")},
            "GOOD_KEY": key(self.server),
            "REVOKED_KEY": key(self.server, "revoked"),
            "HOME": str(self.folder),
        }
        with self.log.open("w") as log:
            service = subprocess.Popen(
                [*COMMAND, "--health-port", str(self.port)], cwd=self.folder, env=environment, stderr=log, text=True
            )
            try:
                yield service
            finally:
                service.kill()
                service.wait()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]

    def told(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    return Place(tmp_path, server)


def test_everything_is_collected_shown_and_ended_cleanly(place: Place) -> None:
    place.write()
    with place.running() as service:
        eventually(lambda: page(place.port, "/readyz")[0] == 200)
        status, metrics = page(place.port, "/metrics")
        assert (status, page(place.port, "/healthz")[0]) == (200, 200)
        assert 'anthropic_audit_requests_total{feed="acme",status="200"}' in metrics
        assert 'anthropic_audit_coverage_age_seconds{feed="acme"}' in metrics
        eventually(lambda: "anthropic_audit_events_behind 0.0" in page(place.port, "/metrics")[1])
        assert page(place.port, "/elsewhere")[0] == 404

        service.send_signal(signal.SIGTERM)
        assert service.wait(15) == 0

    assert ids(place.folder / "archive") == truth(place.server)
    assert place.told("stopped")
    assert key(place.server) not in place.log.read_text()


def test_a_feed_that_is_refused_hurts_no_other(place: Place) -> None:
    place.write(SECOND.replace("{key}", "REVOKED_KEY"), SECOND.replace("second", "third").replace("{key}", "NO_KEY"))
    with place.running():
        eventually(lambda: len(place.told("walk finished")) > 2)
        ready, body = page(place.port, "/readyz")

    assert ready == 503
    assert json.loads(body)["feeds"]["acme"]["is_current"]
    assert not json.loads(body)["feeds"]["second"]["is_current"]
    assert {line["feed"] for line in place.told("walk failed")} == {"second"}
    assert {line["feed"] for line in place.told("feed left out")} == {"third"}


def test_sinks_get_everything_and_a_broken_one_hurts_no_other(place: Place) -> None:
    files = '[[sinks]]\nname = "files"\nto = "ndjson"\nfolder = "out"\n'
    broken = '[[sinks]]\nname = "broken"\nto = "opensearch"\nurls = ["http://127.0.0.1:9"]\n'
    nameless = '[[sinks]]\nname = "secret"\nto = "splunk_hec"\nurl = "http://127.0.0.1:9"\nsecret_env = "NONE_SUCH"\n'
    (place.folder / "token").write_text("sesame")
    (place.folder / "token").chmod(0o644)
    place.write(files, broken + 'secret_file = "token"\n', nameless)
    with place.running() as service:
        eventually(lambda: page(place.port, "/readyz")[0] == 200)
        eventually(lambda: "anthropic_audit_events_behind 0.0" in page(place.port, "/metrics")[1])
        eventually(lambda: place.told("delivered"))
        eventually(lambda: {line["sink"] for line in place.told("delivery failed")} == {"broken", "secret"})
        assert {line["sink"] for line in place.told("key")} == {"broken"}
        time.sleep(2)
        metrics = page(place.port, "/metrics")[1]
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0

    assert 'anthropic_audit_sink_events_total{fate="created",sink="files"}' in metrics
    (file,) = (place.folder / "out").iterdir()
    written = [json.loads(line)["event"]["id"] for line in file.read_text().splitlines()]
    assert len(written) == len(set(written)) > 100
    assert set(written) <= set(ids(place.folder / "archive"))


def test_a_hangup_takes_over_settings_that_are_right(place: Place) -> None:
    place.write()
    with place.running() as service:
        eventually(lambda: place.told("walk finished"))
        (place.folder / "anthropic-audit.toml").write_text("feeds = 5\n", encoding="utf-8")
        service.send_signal(signal.SIGHUP)
        eventually(lambda: place.told("settings refused"))
        eventually(lambda: len(place.told("service started")) == 2)

        place.write(SECOND.replace("{key}", "GOOD_KEY"))
        service.send_signal(signal.SIGHUP)
        eventually(lambda: place.told("settings taken over"))
        eventually(lambda: {line["feed"] for line in place.told("walk finished")} == {"acme", "second"})

        service.send_signal(signal.SIGINT)
        assert service.wait(15) == 0


def test_wrong_settings_end_it_at_once(place: Place) -> None:
    (place.folder / "anthropic-audit.toml").write_text("feeds = 5\n", encoding="utf-8")
    with place.running() as service:
        assert service.wait(15) == 2
    assert "Traceback" not in place.log.read_text()


def test_a_port_that_is_taken_is_named(place: Place) -> None:
    place.write()
    with socket.create_server(("127.0.0.1", place.port)), place.running() as service:
        assert service.wait(15) == 2
    assert f"127.0.0.1:{place.port}" in place.log.read_text()
