"""Record which tables an archive has, so that a removed table is never silently created again.

The names are in `tables.json` in the archive's folder. Archives from before that file get it when they are next opened
for writing; until then, a missing essential table is recognized by the content of the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from anthropic_audit.atomic import atomic_file
from anthropic_audit.errors import ArchiveError

from .schema import ESSENTIAL, TABLES, Table

FILE = "tables.json"
HINT = "run `anthropic-audit archive repair`; or stop all writers and restore the table from a backup"


def recorded_tables(archive: Path) -> frozenset[str]:
    """Return the names of the tables that the archive is known to have had; empty if they were not recorded."""
    try:
        content = json.loads((archive / FILE).read_bytes())
        return frozenset(name for name in content["tables"] if isinstance(name, str))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def record_table(archive: Path, name: str) -> None:
    """Record that the archive has a table.

    Raises:
        OSError: The file can't be written.
    """
    known = recorded_tables(archive)
    if name not in known:
        _write(archive, known | {name})


def forget_table(archive: Path, name: str) -> None:
    """Allow a missing table to be created again, empty; call this after its loss was dealt with.

    Raises:
        OSError: The file can't be written.
    """
    known = recorded_tables(archive)
    if name in known:
        _write(archive, known - {name})


def check_may_be_created(archive: Path, table: Table) -> None:
    """Raise if a table that is to be created existed before.

    Raises:
        ArchiveError: The table was removed.
    """
    is_lost = table.name in recorded_tables(archive)
    if is_lost or (table in ESSENTIAL and _is_any_written(archive)):
        raise missing([archive / table.name])


def missing(folders: Iterable[Path]) -> ArchiveError:
    """Return the error that names the tables that an archive has lost."""
    names = ", ".join(f"`{folder}`" for folder in folders)
    return ArchiveError(f"the archive has lost a table, or its `_delta_log`: {names}", hint=HINT)


def _is_any_written(archive: Path) -> bool:
    """Return whether any table has more versions than its first."""
    logs = (archive / name / "_delta_log" for name in TABLES)
    return any(file.name.split(".")[0].strip("0") for log in logs if log.is_dir() for file in log.glob("0*"))


def _write(archive: Path, names: Iterable[str]) -> None:
    with atomic_file(archive / FILE) as file:
        file.write(json.dumps({"tables": sorted(names)}).encode())
