"""Every stop ends within seconds with its documented exit code, whatever the server does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.hanging import hanging

MAIN = "from anthropic_audit.cli import main; main()"
HANGS = """
import sys, threading, time
from anthropic_audit.cli.signals import stopping
with stopping(lambda: None, int(sys.argv[1]), 0.5):
    print("ready", flush=True)
    {hang}
"""
"""A program whose work does not check its clock."""


def start(words: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": "sk-ant-api01-TEST0000000000"}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-c", MAIN, *words], env=env, cwd=folder, stdout=log, stderr=log)


@pytest.mark.parametrize(
    ("words", "way", "number", "code"),
    [
        pytest.param(["run"], "body", signal.SIGTERM, 0, id="run"),
        pytest.param(["collect", "--once"], "headers", signal.SIGINT, 3, id="collect-once"),
    ],
)
@pytest.mark.timeout(150)
def test_a_command_ends_although_an_answer_does_not(
    tmp_path: Path, *, words: list[str], way: str, number: signal.Signals, code: int
) -> None:
    reached = threading.Event()
    with hanging(way, reached) as port:
        (tmp_path / "settings.toml").write_text(f'[[feeds]]\nurl = "http://127.0.0.1:{port}"\n')
        process = start([*words, "--config", "settings.toml"], tmp_path)
        assert reached.wait(100)
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(number)

        assert process.wait(20) == code
        assert time.monotonic() - started < 10

    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert "Fatal Python error" not in log


SLEEP, LOCK = "time.sleep(60)", "threading.Lock().acquire() and time.sleep(60)"


@pytest.mark.parametrize(
    ("signals", "code", "hang"),
    [
        pytest.param([signal.SIGTERM], 3, SLEEP, id="work that does not end"),
        pytest.param([signal.SIGINT, signal.SIGINT], 130, LOCK, id="two times ctrl-c"),
        pytest.param([signal.SIGTERM, signal.SIGTERM], 143, SLEEP, id="two times sigterm"),
    ],
)
def test_what_does_not_end_by_itself_is_left(signals: list[signal.Signals], code: int, hang: str) -> None:
    command = [sys.executable, "-c", HANGS.format(hang=hang), "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)

        assert process.wait(15) == code


BEFORE_AND_AFTER = """
import os, signal, sys, time
from anthropic_audit.cli.signals import expect_termination, leave_with, stopping
expect_termination()
with stopping(lambda: None, 3):
    if "asked" in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)
if "on the way out" in sys.argv:
    import atexit
    atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
    leave_with(3)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""


@pytest.mark.parametrize(("moment", "code"), [("after", 143), ("asked", 143), ("on the way out", 3)], ids=str)
def test_a_signal_before_and_after_work_ends_with_a_documented_code(moment: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", BEFORE_AND_AFTER, moment], timeout=60, check=False)

    assert done.returncode == code
