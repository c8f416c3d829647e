"""`simulate` from the command line: its output, and how it ends."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from typer.testing import Result

Run = Callable[..., Result]
COMMAND = (sys.executable, "-c", "from anthropic_audit.cli import main; main()", "simulate", "--port", "0")
SMALL = ("--history", "2h", "--activities", "200")


@contextmanager
def simulating(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a simulator; yield its process, its URL, and its output until it was ready."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = ""
    try:
        for line in process.stderr:
            said += line
            if "stop with Ctrl-C" in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said
        yield process, found[0], said
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_simulator_ends_cleanly_when_told(number: signal.Signals) -> None:
    with simulating(*SMALL) as (process, _, _):
        process.send_signal(number)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out) == (0, "")
    assert err.strip() == "simulator: stopped"


def test_what_is_said_is_enough_to_collect(tmp_path: Path) -> None:
    with simulating(*SMALL, "--key-file", str(tmp_path / "key")) as (_, url, said):
        key = (tmp_path / "key").read_text().strip()
        answer = httpx2.get(f"{url}/v1/compliance/activities", headers={"x-api-key": key})

    assert answer.status_code == 200
    assert f"ANTHROPIC_COMPLIANCE_ACCESS_KEY={key} " in said
    assert f"anthropic-audit collect --once --url {url} --initial-interval 3h" in said
    assert re.search(r"ANTHROPIC_ADMIN_KEY=sk-ant-admin01-SIM\w+", said)


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("older")
    path.chmod(0o644)

    with simulating(*SMALL, "--key-file", str(path)):
        mode = stat.S_IMODE(path.stat().st_mode)

    assert mode == 0o600


def test_options_reach_the_vendor() -> None:
    options = ("--seed", "7", "--no-order", "--no-exclude", "--rate-limit", "9", "--fault", "529=1", "--historic")
    with simulating(*SMALL, *options) as (_, url, said):
        state = httpx2.get(f"{url}/_simulator/state").json()
        faults = httpx2.get(f"{url}/_simulator/faults").json()
        key = re.findall(r"=(sk-ant-api01-\S+)", said)[0]
        busy = httpx2.get(f"{url}/v1/compliance/activities", headers={"x-api-key": key})
        httpx2.delete(f"{url}/_simulator/faults")
        older = [
            httpx2.get(f"{url}/v1/compliance/activities", params=query, headers={"x-api-key": key}).status_code
            for query in ({"order": "asc"}, {"exclude_activity_types[]": "claude_chat_created"}, {})
        ]

    assert (state["seed"], state["until"] is None) == (7, False)
    assert faults["shares"] == {"529": 1.0}
    assert (busy.status_code, busy.headers["anthropic-ratelimit-requests-limit"]) == (529, "9")
    assert older == [400, 400, 200]


WRONG = {
    "a fault that is none": (("--fault", "flood=0.1"), "unknown fault: `flood`"),
    "a fault nearly right": (("--fault", "truncate=0.1"), "did you mean truncated?"),
    "a fault without a share": (("--fault", "500"), "the fault has no share"),
    "a share that is no number": (("--fault", "500=often"), "the fault has no share"),
    "shares that are too much": (("--fault", "500=0.6", "--fault", "502=0.6"), "their sum at most 1"),
    "a negative share": (("--fault", "500=-0.1"), "numbers from 0 to 1"),
    "a share that is not a number": (("--fault", "500=nan"), "numbers from 0 to 1"),
    "two rates": (("--activities", "5", "--rate", "1"), "not both"),
    "activities in no time": (("--activities", "5", "--history", "0s"), "--activities needs a history"),
    "a duration that is none": (("--history", "soon"), "not a duration: `soon`"),
    "a duration beyond all keeping": (("--history", "7000d"), "at most six years"),
    "a time that is none": (("--until", "soon"), "not a time: `soon`"),
    "a key file in no folder": ((*SMALL, "--key-file", "nowhere/key"), "the key can't be written"),
    "an address that is not ours": ((*SMALL, "--host", "203.0.113.1"), "can't listen on 203.0.113.1"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_told_and_ends_with_two(options: tuple[str, ...], message: str, run: Run) -> None:
    result = run("simulate", "--port", "0", *options)

    assert result.exit_code == 2
    assert message in result.stderr
