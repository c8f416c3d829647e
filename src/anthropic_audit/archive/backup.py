"""Back up an archive while it is written, and restore it: complete or not at all, each file compared with its digest.

A backup is one version of each table: its log up to that version, the data files of that version, and the digest
journals. Tables that refer to others (claims, deliveries, events) are read first, so that everything the backup claims
is stored in it. Files never change, so only new ones are copied, and an earlier backup stays complete meanwhile. Then
its manifest is removed, files that change in place are written, and last a new manifest: a backup that was interrupted
there has none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from anthropic_audit.atomic import sync
from anthropic_audit.errors import ArchiveError, SetupError
from anthropic_audit.ports import REPAIR_HINT
from anthropic_audit.times import format_time

from .damage import Damage, OpenedTable, open_table
from .digests import FOLDER as DIGESTS
from .digests import LOG, DigestJournal, digest_of
from .reader import open_reader
from .schema import ACTIVITIES, CHANGED, COVERAGE, DELIVERIES, EVENTS, REJECTED, TABLES
from .snapshot import Snapshot, translated
from .table_list import FILE as TABLES_FILE

MANIFEST = "backup.json"
"""The file that lists a backup's files; a backup without it is incomplete."""

_FORMAT = 1
_VERSIONED = re.compile(r"^(\d{20})\.")
_COPY_BYTES = 1 << 20
_MAX_ATTEMPTS = 20
_REFERRING_FIRST = (COVERAGE, DELIVERIES, REJECTED, CHANGED, EVENTS, ACTIVITIES)
_IN_ORDER = (*_REFERRING_FIRST, *(table for table in TABLES.values() if table not in _REFERRING_FIRST))

Progress = Callable[[int, int], None]
"""Called with the number of files that are done, and the number of all files."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The result of a backup or a restoration."""

    files: int
    copied: int
    nbytes: int
    """Number of bytes copied."""
    dropped: int = 0
    """Number of files of an earlier backup that were removed because this one does not need them."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """One version of each table."""

    folder: Path
    tables: Mapping[str, Snapshot]
    damage: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    source: Path
    nbytes: int
    sha256: str | None
    """The expected digest in hex; None if the archive has no digest of the file."""


def back_up(location: str, target: Path, now: datetime, on_progress: Progress = lambda done, last: None) -> BackedUp:
    """Copy an archive into a folder; an earlier backup of it in this folder is brought up to date.

    Raises:
        SetupError: There is no archive, or the folder holds other files.
        ArchiveError: A file is damaged, can't be read, or can't be written.
    """
    reader = _moment(open_reader(location).folder)
    _refuse_damage(reader)
    _refuse_target(reader.folder, target)
    wanted = dict(_wanted(reader))
    with translated(target):
        target.mkdir(parents=True, exist_ok=True)
        before = _manifest(target)
        known = before["files"] if before else {}
        done, files = _copied(wanted, target, known, on_progress)
        (target / MANIFEST).unlink(missing_ok=True)
        files |= _write_rest(reader, target)
        dropped = _drop_others(target, files)
        _write_manifest(target, {"format": _FORMAT, "made_at": format_time(now), "files": files})
    return BackedUp(len(files), done.copied, done.nbytes, dropped)


def restore(
    source: Path, location: Path, *, is_forced: bool = False, on_progress: Progress = lambda done, last: None
) -> BackedUp:
    """Copy a complete backup into a folder that has no archive yet, comparing every file with the manifest.

    With `is_forced`, the folder's present content is moved to a new folder next to it first; it is never deleted.

    Raises:
        SetupError: The folder is not empty, or there is no backup.
        ArchiveError: The backup is incomplete, or a file is damaged or can't be written.
    """
    manifest = _manifest(source)
    if manifest is None:
        message = f"no complete backup at: {source}"
        raise SetupError(
            message, hint=f"a backup has a `{MANIFEST}`; run `archive backup` again to complete an interrupted one"
        )
    with translated(location):
        if location.exists() and any(location.iterdir()):
            if not is_forced:
                message = f"the folder is not empty: {location}"
                raise SetupError(
                    message,
                    hint="restore into an empty folder, or use --force: its content is moved aside, not deleted",
                )
            location.rename(_beside(location))
        place = location.with_name(f".{location.name}.restoring")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        wanted = {name: _Wanted(source / name, *one) for name, one in manifest["files"].items()}
        try:
            done, _ = _copied(wanted, place, {}, on_progress)
        except ArchiveError as error:
            raise ArchiveError(str(error), hint="the backup is damaged: restore another one") from error
        if location.exists():
            location.rmdir()
        place.rename(location)
        sync(location.parent)
    return done


def verify_backup(folder: Path) -> list[str]:
    """Return the paths of a backup's files that are missing or differ from the manifest.

    Raises:
        SetupError: There is no complete backup.
    """
    manifest = _manifest(folder)
    if manifest is None:
        message = f"no complete backup at: {folder}"
        raise SetupError(message, hint="make one with `anthropic-audit archive backup FOLDER`")
    wrong = []
    for name, (nbytes, sha256) in manifest["files"].items():
        try:
            is_right = digest_of(folder / name) == (nbytes, sha256)
        except OSError:
            is_right = False
        wrong += [] if is_right else [name]
    return wrong


def _moment(folder: Path) -> _Moment:
    """Read one version of each table, such that no table refers to something that another does not contain yet.

    Tables that refer to others are read first. If no table has a new commit afterwards, all versions are of one moment.
    """
    opened: dict[str, OpenedTable] = {}
    for _ in range(_MAX_ATTEMPTS):
        before, opened = opened, {table.name: open_table(folder, table) for table in _IN_ORDER}
        if before and all(opened[name].newest.version == one.newest.version for name, one in before.items()):
            break
    damage = tuple(found for one in opened.values() for found in one.damage)
    return _Moment(folder, {name: one.newest for name, one in opened.items()}, damage)


def _refuse_damage(reader: _Moment) -> None:
    if reader.damage:
        message = f"the archive is damaged, so it can't be backed up: {reader.damage[0]}"
        raise ArchiveError(message, hint=f"an earlier backup stays as it is; {REPAIR_HINT}")


def _refuse_target(archive: Path, target: Path) -> None:
    resolved = target.resolve()
    if resolved == archive.resolve() or archive.resolve() in resolved.parents or resolved in archive.resolve().parents:
        message = f"a backup can't be inside the archive, nor the archive inside the backup: {target}"
        raise SetupError(message, hint="name a folder on another disk")
    others = [path for path in target.iterdir() if path.name not in _own_names()] if target.is_dir() else []
    if target.exists() and (others or not target.is_dir()):
        message = f"the folder holds files that are not part of a backup: {others[0] if others else target}"
        raise SetupError(message, hint="name an empty folder, or one that holds an earlier backup of this archive")


def _own_names() -> set[str]:
    return {MANIFEST, f"{MANIFEST}.new", DIGESTS, TABLES_FILE, *TABLES}


def _wanted(reader: _Moment) -> Iterator[tuple[str, _Wanted]]:
    """Yield the files that one version of each table needs, each with its path in the archive."""
    for name, newest in reader.tables.items():
        folder, known = reader.folder / name, DigestJournal(reader.folder, name).read().files
        for file in newest.files:
            path = str(Path(file.path).relative_to(folder))
            digest = known.get(path)
            yield f"{name}/{path}", _Wanted(Path(file.path), file.nbytes, digest.sha256 if digest else None)
        for log in sorted((folder / LOG).glob("*")):
            found = _VERSIONED.match(log.name)
            if found and int(found.group(1)) <= newest.version and log.suffix in {".json", ".parquet"}:
                digest = known.get(f"{LOG}/{log.name}")
                yield f"{name}/{LOG}/{log.name}", _Wanted(log, log.stat().st_size, digest.sha256 if digest else None)


def _copied(
    wanted: Mapping[str, _Wanted], target: Path, known: Mapping[str, Any], on_progress: Progress
) -> tuple[BackedUp, dict[str, tuple[int, str]]]:
    """Copy missing files, and compare each file with its digest, including those that are there already."""
    copied = nbytes = 0
    files: dict[str, tuple[int, str]] = {}
    for number, (name, one) in enumerate(wanted.items(), start=1):
        place = target / name
        expected = one.sha256 or (known.get(name) or (0, None))[1]
        if place.exists() and expected is not None and digest_of(place) == (one.nbytes, expected):
            files[name] = (one.nbytes, expected)
        else:
            if place.exists():  # the file no longer has the bytes that the manifest lists
                (target / MANIFEST).unlink(missing_ok=True)
            files[name] = _copy(one, place)
            copied, nbytes = copied + 1, nbytes + files[name][0]
        on_progress(number, len(wanted))
    return BackedUp(len(files), copied, nbytes), files


def _copy(one: _Wanted, place: Path) -> tuple[int, str]:
    """Copy a file, sync it to the disk, and return its size in bytes and its digest.

    Raises:
        ArchiveError: The file has other bytes than were recorded.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{place.name}.part")
    digest, nbytes = hashlib.sha256(), 0
    with one.source.open("rb") as source, temporary.open("wb") as target:
        while block := source.read(_COPY_BYTES):
            digest.update(block)
            nbytes += target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if nbytes != one.nbytes or (one.sha256 is not None and digest.hexdigest() != one.sha256):
        temporary.unlink()
        message = f"a file has other bytes than were written: `{one.source}`"
        raise ArchiveError(message, hint=REPAIR_HINT)
    temporary.replace(place)
    return nbytes, digest.hexdigest()


def _write_rest(reader: _Moment, target: Path) -> dict[str, tuple[int, str]]:
    """Write the files of a backup that are not plain copies: journals, pointers to checkpoints, the list of tables."""
    for name, newest in reader.tables.items():
        if newest.version >= 0:
            _write_pointer(reader.folder / name, target / name, newest.version)
            _write_journal(reader, target, name)
    names = [name for name, newest in reader.tables.items() if newest.version >= 0]
    (target / TABLES_FILE).write_text(json.dumps({"tables": sorted(names)}))
    written = [target / TABLES_FILE, *(target / DIGESTS).glob("*.journal"), *target.glob(f"*/{LOG}/_last_checkpoint")]
    return {str(path.relative_to(target)): digest_of(path) for path in written}


def _write_pointer(source: Path, target: Path, version: int) -> None:
    """Copy the pointer to the newest checkpoint if the backup has that checkpoint; without it all commits are read."""
    (target / LOG / "_last_checkpoint").unlink(missing_ok=True)
    try:
        text = (source / LOG / "_last_checkpoint").read_bytes()
        named = int(json.loads(text)["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if named <= version:
        (target / LOG / "_last_checkpoint").write_bytes(text)


def _write_journal(reader: _Moment, target: Path, name: str) -> None:
    """Write a table's digest journal as it was at the version of the backup."""
    newest = reader.tables[name]
    recorded = DigestJournal(reader.folder, name).read()
    live = frozenset(str(Path(file.path).relative_to(reader.folder / name)) for file in newest.files)
    there = {str(path.relative_to(target / name)) for path in (target / name).rglob("*") if path.is_file()}
    files = {path: one for path, one in recorded.files.items() if path.partition("@")[0] in there}
    (target / DIGESTS).mkdir(exist_ok=True)
    state = type(recorded)(newest.version, newest.marks, files, live & files.keys())
    DigestJournal(target, name).rewrite(lambda _: state)


def _drop_others(target: Path, files: Mapping[str, object]) -> int:
    """Remove the files of an earlier backup that this one does not need."""
    others = [path for path in target.rglob("*") if path.is_file() and str(path.relative_to(target)) not in files]
    for path in others:
        path.unlink()
    return len(others)


def _write_manifest(target: Path, manifest: Mapping[str, Any]) -> None:
    body = json.dumps(manifest, sort_keys=True)
    text = json.dumps({"backup": manifest, "sha256": hashlib.sha256(body.encode()).hexdigest()})
    temporary = target / f"{MANIFEST}.new"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target / MANIFEST)
    sync(target)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Read a backup's manifest; return None if it is missing or damaged."""
    try:
        stored = json.loads((folder / MANIFEST).read_bytes())
        body = json.dumps(stored["backup"], sort_keys=True)
        is_whole = (
            stored["sha256"] == hashlib.sha256(body.encode()).hexdigest() and stored["backup"]["format"] == _FORMAT
        )
        found: dict[str, Any] = stored["backup"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found["files"] = {name: (size, digest) for name, (size, digest) in found["files"].items()}
    return found if is_whole else None


def _beside(location: Path) -> Path:
    """Return the path of a folder next to this one that does not exist yet."""
    number = 1
    while (place := location.with_name(f"{location.name}.before-restore-{number}")).exists():
        number += 1
    return place
