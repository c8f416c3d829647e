"""Open a table of the archive for writing, or create it; a table that has lost commits is refused."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from anthropic_audit.errors import ArchiveError
from anthropic_audit.ports import REPAIR_HINT

from .digests import DigestJournal, Recorded
from .schema import Table
from .snapshot import checked, is_table
from .table_list import check_may_be_created, missing


def opened(archive: Path, table: Table, journal: DigestJournal, recorded: Recorded) -> DeltaTable:
    """Open a table, or create it if it never existed; a table with fewer commits than were recorded is refused.

    Raises:
        ArchiveError: The table is missing although it existed, or has lost commits.
    """
    folder = archive / table.name
    if not is_table(folder):
        if recorded.version > 0 or recorded.live:
            raise missing([folder])
        check_may_be_created(archive, table)
        journal.clear()
    delta = _open_or_create(archive, table)
    if delta.version() < recorded.version:
        message = (
            f"commits of a table are lost: the newest of `{folder}` is {delta.version()}, "
            f"and {recorded.version} was committed"
        )
        raise ArchiveError(message, hint=REPAIR_HINT)
    return delta


def _open_or_create(archive: Path, table: Table) -> DeltaTable:
    folder = archive / table.name
    if is_table(folder):
        return checked(DeltaTable(folder.as_uri()), folder, table)
    check_may_be_created(archive, table)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return DeltaTable.create(
            folder.as_uri(),
            table.schema,
            partition_by=list(table.partition_by),
            configuration={"delta.dataSkippingStatsColumns": ",".join(table.indexed)},
        )
    except DeltaError:
        if is_table(folder):  # another process created it first
            return DeltaTable(folder.as_uri())
        raise
