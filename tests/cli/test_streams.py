"""Standard streams, locales and limits of every kind: a command works or prints a message, and never a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from anthropic_audit.cli.logs import open_log
from anthropic_audit.cli.streams import LossyFile

MAIN = "from anthropic_audit.cli import main; main()"
ODD_SHELL = [
    pytest.param("--help > /dev/full", 1, "the output can't be written", id="full output"),
    pytest.param("settings >&-", 1, "standard output is closed", id="closed output"),
    pytest.param("status --archive none 2> /dev/full", 2, "", id="full log"),
    pytest.param("status --archive none 2>&-", 2, "", id="closed log"),
]
SETUPS = [
    pytest.param("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii", id="ascii"),
    pytest.param("LC_ALL=xx_YY.UTF-8 COLUMNS=0 TERM=dumb HOME=", id="odd"),
]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = f"{sys.executable} -c '{MAIN}' {line}"
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, timeout=100, check=False)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("line", "code", "said"), ODD_SHELL)
def test_odd_streams_end_in_a_message(tmp_path: Path, line: str, code: int, said: str) -> None:
    result = shell(line, tmp_path)

    assert result.returncode == code
    assert said in result.stderr.decode()
    assert b"Traceback" not in result.stderr + result.stdout
    assert b"Exception ignored" not in result.stderr


@pytest.mark.timeout(120)
@pytest.mark.parametrize("setup", SETUPS)
def test_odd_locales_and_terminals_end_in_no_traceback(tmp_path: Path, setup: str) -> None:
    line = f"env {setup} {sys.executable} -c '{MAIN}' settings"

    result = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=100, check=False)

    assert result.returncode == 0
    assert b"archive" in result.stdout
    assert b"Traceback" not in result.stderr


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("limit_kb", "args"), [(16_000, "--version"), (150_000, "search")])
def test_too_little_memory_to_load_is_said(tmp_path: Path, limit_kb: int, args: str) -> None:
    line = f"ulimit -v {limit_kb}; {sys.executable} -c '{MAIN}' {args}"

    result = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=100, check=False)

    assert result.returncode == 1
    assert result.stderr.startswith(b"error: ")
    assert b"memory" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for one in (reading, writing):
        try:
            os.close(one)
        except OSError:
            continue


def test_a_reader_that_does_not_read_holds_nobody_up(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    file = LossyFile(writing)
    line = b"x" * 999 + b"\n"

    taken = [file.put(line) for _ in range(200)]
    while True:
        os.read(reading, 65536)
        if file.put(b"again\n"):
            break

    assert taken[0]
    assert not taken[-1]


def test_a_pipe_that_is_closed_loses_lines_and_raises_nothing(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)

    assert not LossyFile(writing).put(b"line\n")
    assert LossyFile(writing).write(b"line\n") == 5
    assert not LossyFile(987).put(b"line\n")


class Full(io.StringIO):
    """A stream whose writes fail while it is full."""

    is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_lost_log_lines_are_told_of_once_when_it_works_again() -> None:
    stream = Full()
    log = open_log(stream)

    threads = [threading.Thread(target=log.info, args=("lost",)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    stream.is_full = False
    log.info("first")
    log.info("second")

    lines = stream.getvalue().splitlines()
    assert ["first" in lines[0], "log lines lost" in lines[1], '"lines": 3' in lines[1], "second" in lines[2]] == [
        True
    ] * 4
    assert len(lines) == 3
