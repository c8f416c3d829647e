from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anthropic_audit.archive.lease import Lease
from anthropic_audit.errors import ArchiveBusyError, ArchiveError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_released_lease_is_free(tmp_path: Path) -> None:
    with Lease(tmp_path, NOW):
        pass

    Lease(tmp_path, NOW).release()

    assert (tmp_path / "writer.lease").read_bytes() == b""


def test_another_process_gets_the_name_of_the_holder(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from anthropic_audit.archive.lease import Lease\n"
        "from anthropic_audit.errors import ArchiveBusyError\n"
        "try:\n    Lease(Path(sys.argv[1]), datetime.now(UTC))\n"
        "except ArchiveBusyError as error:\n    print(error, error.hint)"
    )

    with Lease(tmp_path, NOW):
        result = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
        )

    assert f"process {os.getpid()} on" in result.stdout
    assert "since 2026-11-23T12:00:00Z" in result.stdout


def test_a_holder_that_has_not_said_who_it_is_still_holds(tmp_path: Path) -> None:
    with Lease(tmp_path, NOW):
        (tmp_path / "writer.lease").write_text("not json")

        with pytest.raises(ArchiveBusyError, match="unknown process"):
            Lease(tmp_path, NOW)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="can't be written"):
        Lease(tmp_path / "nowhere", NOW)
