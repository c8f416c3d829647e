"""On a terminal, a user soon sees an error; a service without a terminal keeps retrying."""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

MAIN = "from anthropic_audit.cli import main; main()"
GIVES_UP_AFTER = 120
"""Seconds of `give_up_after`, for which a host is retried that has responded before."""


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def at_a_terminal(words: list[str], folder: Path, seconds: float) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; return its exit code and its output there."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": "sk-ant-api01-TEST0000000000", "TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", MAIN, *words], cwd=folder, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = bytearray()
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:
        pass  # the terminal is closed once the command has ended
    finally:
        os.close(ours)
    code = process.wait(seconds)
    return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode(errors="replace"))


@pytest.mark.timeout(GIVES_UP_AFTER - 30)
def test_a_host_that_never_answers_is_given_up_long_before_its_time(tmp_path: Path) -> None:
    hosts = {unused_url(): "Connection refused", "http://no-such-host.invalid": "no-such-host.invalid"}

    def collect(url: str) -> tuple[int, str]:
        folder = tmp_path / str(len(url))
        folder.mkdir()
        return at_a_terminal(["collect", "--once", "--url", url], folder, GIVES_UP_AFTER - 40)

    with ThreadPoolExecutor(len(hosts)) as threads:  # side by side, as each is waited for
        found = list(zip(hosts.values(), threads.map(collect, hosts), strict=True))

    for said, (code, shown) in found:
        assert code == 1
        assert said in shown
        assert "check url, proxy_url, ca_file and the network" in shown
