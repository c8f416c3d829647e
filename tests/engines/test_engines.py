"""The engines themselves: they start and stop again, and leave nothing behind.

That they keep over a kill what they acknowledged, and refuse a repeat, is what `sinks/test_conformance.py` builds on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from tests.engines.launch import Engine
from tests.engines.plugin import Make
from tests.engines.resolve import UnreachableError, cached

pytestmark = pytest.mark.slow


def test_an_engine_is_stopped_and_started_again(opensearch: Engine) -> None:
    opensearch.stop()
    opensearch.stop()
    assert not opensearch.is_running

    opensearch.start()
    opensearch.start()

    assert opensearch.is_running
    assert httpx2.get(opensearch.url).is_success
    assert "started" in opensearch.log.read_text()


STRAY = """
import sys
from pathlib import Path
from tests.engines.kafka import kafka

engine = kafka(Path(sys.argv[1]), {})
engine.start()
print(engine._process.pid, flush=True)
input()
"""


def test_an_engine_does_not_outlive_a_session_that_is_killed(kafka: Engine, tmp_path: Path) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", STRAY, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with session:
        assert session.stdout is not None
        engine = int(session.stdout.readline())
        assert is_alive(engine)

        session.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while is_alive(engine):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_engine_that_ends_at_once_says_why(make_opensearch: Make) -> None:
    with pytest.raises(AssertionError, match="unknown setting"):
        make_opensearch({"no.such.setting": "1"})


def test_half_a_download_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.resolve.CACHE", tmp_path)

    def stop_halfway(folder: Path) -> None:
        (folder / "half").touch()
        message = "unplugged"
        raise UnreachableError(message)

    with pytest.raises(UnreachableError, match="unplugged"):
        cached("part", ["key"], stop_halfway)
    folder = cached("part", ["key"], lambda folder: (folder / "whole").touch())

    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert cached("part", ["key"], stop_halfway) == folder
