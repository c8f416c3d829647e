"""Databases of addresses in the MaxMind format; files are memory-mapped, and opened again when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import maxminddb

from .layouts import as_of, geo_of

Json = Any
"""A JSON value."""

Stamp = tuple[int, int, int]
"""The state of a file: modification time in nanoseconds, size, inode."""

_DAMAGE = (maxminddb.InvalidDatabaseError, OSError, ValueError, LookupError, ArithmeticError, RuntimeError)
"""Exceptions of the reader for bytes that are not a valid database; it documents few of them."""

_PARTLY_DAMAGED = "is partly damaged: look-ups in the damaged part find nothing"

Notice = Callable[[str], None]
"""Takes a message for the operator."""


class Databases:
    """Several databases as one: fields that the first database lacks come from the next.

    A missing or damaged file is reported once for each of its states, and finds nothing until it changes. `refresh`
    opens a changed file again; if the new state can't be read, the state before remains in use. Replace a file by
    renaming another file to its name, as `geoipupdate` does: files are mapped into memory, and overwriting one in place
    may end the process.

    Args:
        paths: The database files, in the order of precedence.
        notice: Takes a message for each file that can't be used.
    """

    def __init__(self, paths: Iterable[Path], notice: Notice) -> None:
        self._files = [_File(path, notice) for path in paths]
        self.refresh()

    def refresh(self) -> bool:
        """Open changed files again, and return whether any has changed; this costs one `stat` per file."""
        changed = [file.refresh() for file in self._files]
        return any(changed)

    def of_address(self, address: str) -> dict[str, Json]:
        """Return the `geo` and `as` of an address, as far as a database has them.

        Addresses of private and reserved ranges are looked up like all others: public databases lack them, and your own
        database may have them. A text that is not an address is found in no database.
        """
        looked_up = _as_ipv4(address)
        geo: dict[str, Json] = {}
        network: dict[str, Json] = {}
        for file in self._files:
            record = file.record(looked_up)
            if record is not None:
                geo = _together(geo, geo_of(record), "country_iso_code")
                network = _together(network, as_of(record), "number")
        found = {"geo": geo, "as": network}
        return {name: value for name, value in found.items() if value}


class _File:
    """One database file: open, missing or damaged."""

    def __init__(self, path: Path, notice: Notice) -> None:
        self._path = path
        self._notice = notice
        self._reader: maxminddb.Reader | None = None
        self._stamp: Stamp | None = None
        self._reported: set[str] = set()

    def refresh(self) -> bool:
        """Open the file again if it has changed; return whether look-ups may give other results now."""
        try:
            stamp = _stamp(self._path)
        except OSError as error:
            self._report("can't be read", error.strerror or error)
            return False
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._reader = maxminddb.open_database(str(self._path))
        except _DAMAGE as error:
            self._report("is not a database in the MaxMind format, or is damaged", error)
            return False
        self._reported.clear()
        return True

    def record(self, address: str) -> Json:
        """Return the file's record of an address, or None if it has none or can't be read there."""
        if self._reader is None:
            return None
        try:
            return self._reader.get(address)
        except (TypeError, ValueError):  # not an address, or of an IP version that the database lacks
            return None
        except _DAMAGE as error:
            self._report(_PARTLY_DAMAGED, error)
            return None

    def _report(self, state: str, detail: object) -> None:
        if state in self._reported:
            return
        self._reported.add(state)
        meanwhile = "; the state before remains in use" if self._reader and state != _PARTLY_DAMAGED else ""
        self._notice(
            f"enrichment: {self._path} {state} ({detail}){meanwhile}. Replace the file or change "
            "`enrichment.geoip_files`: a changed file is opened again"
        )


def _stamp(path: Path) -> Stamp:
    state = path.stat()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _as_ipv4(address: str) -> str:
    """Return the IPv4 address of an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`); other texts unchanged."""
    if ":" not in address:
        return address
    try:
        mapped = IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return str(mapped) if mapped else address


def _together(known: Mapping[str, Json], more: dict[str, Json], key: str) -> dict[str, Json]:
    """Return the known fields and the missing ones from `more`, unless the two have different countries or networks."""
    differs = key in known and key in more and known[key] != more[key]
    return dict(known) if differs else {**more, **known}
