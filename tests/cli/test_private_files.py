"""Files of an archive are accessible to their owner only, whatever the umask; `check` reports older files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.collecting import NOW

from anthropic_audit.archive import open_writer
from anthropic_audit.diagnosis.archive import archive_findings
from anthropic_audit.diagnosis.findings import State
from anthropic_audit.progress import ignore_progress
from anthropic_audit.testing import FakeClock

COMMAND = """
import os, sys
os.umask(int(sys.argv[1], 8))
from anthropic_audit.cli import main
sys.argv = ["anthropic-audit", *sys.argv[2:]]
main()
"""


def wide(folder: Path) -> list[str]:
    """Return the paths that other users than the owner can access."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


@pytest.mark.parametrize("umask", ["000", "077"])
def test_an_archive_that_a_command_makes_is_private(umask: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    words = ["gaps", "declare", "--help"], ["archive", "compact", "--archive", str(archive)]
    for one in words:
        done = subprocess.run([sys.executable, "-c", COMMAND, umask, *one], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    assert (archive / "activities" / "_delta_log").is_dir()
    assert wide(archive) == []


def test_check_tells_of_files_that_others_can_use(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with open_writer(str(tmp_path / "archive"), FakeClock(NOW), ignore_progress):
            pass
    finally:
        os.umask(before)

    (found,) = [one for one in archive_findings(str(tmp_path / "archive"), [], NOW) if one.what == "archive: rights"]

    assert found.state is State.WARNING
    assert "chmod -R go-rwx" in found.cure
