"""The DuckDB instance that short queries share."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

import anthropic_audit.archive
from anthropic_audit.archive.duck import shared

FORKED = """
import os, sys
from anthropic_audit.archive.duck import shared
SUM = "SELECT sum(i) FROM range(3000000) t(i)"
before = shared().sql(SUM).fetchall()
child = os.fork()
if child == 0:
    os._exit(shared().sql(SUM).fetchall() != before)  # like multiprocessing does
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="this system can't fork")
def test_a_forked_process_opens_an_instance_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, timeout=50, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_what_one_connection_registers_no_other_sees() -> None:
    with shared() as one, shared() as other:
        one.register("wanted", pa.table({"seq": [1]}))
        other.register("wanted", pa.table({"seq": [2]}))

        assert one.sql("SELECT seq FROM wanted").fetchall() == [(1,)]
        assert other.sql("SELECT seq FROM wanted").fetchall() == [(2,)]


@pytest.mark.parametrize("name", anthropic_audit.archive.__all__)
def test_each_name_of_the_archive_is_found_and_is_no_module(name: str) -> None:
    found = getattr(anthropic_audit.archive, name)

    assert found.__name__ == name
    assert callable(found)
