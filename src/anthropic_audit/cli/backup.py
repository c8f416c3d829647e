"""`anthropic-audit archive backup` and `archive restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit.archive.backup import back_up, restore, verify_backup
from anthropic_audit.archive.lease import Lease
from anthropic_audit.archive.location import folder_of
from anthropic_audit.clock import SystemClock

from .configuration import load_settings
from .options import Archive, Config
from .output import console, notes

_FOUND = 3


def backup_archive(
    to: Annotated[Path, typer.Argument(metavar="TO", help="The folder of the backup: empty, or an earlier backup.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the backup with its manifest; copy nothing.")
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Back up the archive incrementally, also during `run`.

    The backup is a consistent snapshot: all activities of every claim are in it. Each file is compared with the digest
    that was recorded when it was written, including files of earlier backups. An interrupted backup is not valid:
    `restore` refuses it, and the next `backup` completes it. A backup is an ordinary archive, and can be read as one.

    Exit codes: 0 the backup is complete, 1 failed, 2 wrong use or settings, 3 with --verify: files are damaged.
    """
    if verify:
        wrong = verify_backup(to)
        for name in wrong:
            console().print(f"damaged or missing: {to / name}", markup=False, soft_wrap=True)
        if wrong:
            raise typer.Exit(_FOUND)
        console().print(f"backup {to}: every file matches its manifest", markup=False)
        return
    settings = load_settings(config, {"archive": archive}).settings
    done = back_up(settings.archive, to.absolute(), SystemClock().now())
    notes().print(
        f"backup {to}: {done.files:,} files, {done.copied:,} of them copied now ({done.nbytes:,} bytes), "
        f"{done.dropped:,} obsolete files removed",
        markup=False,
    )


def restore_archive(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder of the backup.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move an existing archive aside, and keep it next to the restored one.")
    ] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Restore an archive from a backup, checking every digest.

    The archive's folder must be empty, unless --force moves it aside. The next `collect` reads the activities since the
    backup.

    Exit codes: 0 restored, 1 failed, 2 wrong use or settings.
    """
    settings = load_settings(config, {"archive": archive}).settings
    folder = folder_of(settings.archive)
    if force and folder.is_dir():
        Lease(folder, SystemClock().now()).release()  # raises if a process writes it
    done = restore(source.absolute(), folder, is_forced=force)
    notes().print(f"archive {folder}: {done.files:,} files restored ({done.nbytes:,} bytes)", markup=False)
