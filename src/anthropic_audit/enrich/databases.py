"""Databases of addresses in the MaxMind format, read where they lie and opened again when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import maxminddb

from .layouts import as_of, geo_of

Json = Any
"""A value as JSON has them."""

Stamp = tuple[int, int, int]
"""What tells one state of a file from another: modification time in nanoseconds, size, inode."""

_DAMAGE = (maxminddb.InvalidDatabaseError, OSError, ValueError, LookupError, ArithmeticError, RuntimeError)
"""What reading bytes that are no database ends in; the reader names few of them."""

_IN_PLACES = "is damaged in places, which tell nothing"

Notice = Callable[[str], None]
"""Takes a sentence for people."""


class Databases:
    """Several databases as one: what the first one does not know, the next one is asked for.

    A file that is missing or damaged is told of once for each state it is in, and counts as one that knows nothing
    until it changes. A file that changes is opened again by `refresh`; a new state that can't be read leaves the one
    before in use. Replace a file by renaming another to its name, as `geoipupdate` does: files are mapped into memory,
    and one that is overwritten in place may end the process.
    """

    def __init__(self, paths: Iterable[Path], notice: Notice) -> None:
        self._files = [_File(path, notice) for path in paths]
        self.refresh()

    def refresh(self) -> bool:
        """Open what is new, and say whether anything is; costs one `stat` a file."""
        changed = [file.refresh() for file in self._files]
        return any(changed)

    def of_address(self, address: str) -> dict[str, Json]:
        """Return `geo` and `as` of an address, without those that no database knows.

        Addresses of private and reserved ranges are looked up like all others: public databases do not have them, and
        one of your own may. What is no address is in no database.
        """
        asked = _as_ipv4(address)
        geo: dict[str, Json] = {}
        network: dict[str, Json] = {}
        for file in self._files:
            record = file.record(asked)
            if record is not None:
                geo = _together(geo, geo_of(record), "country_iso_code")
                network = _together(network, as_of(record), "number")
        found = {"geo": geo, "as": network}
        return {name: value for name, value in found.items() if value}


class _File:
    """One database file, whatever state it is in."""

    def __init__(self, path: Path, notice: Notice) -> None:
        self._path = path
        self._notice = notice
        self._reader: maxminddb.Reader | None = None
        self._stamp: Stamp | None = None
        self._told: set[str] = set()

    def refresh(self) -> bool:
        """Open the file if it is not the one that was opened, and say whether what it tells may have changed."""
        try:
            stamp = _stamp(self._path)
        except OSError as error:
            self._tell("can't be read", error.strerror or error)
            return False
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._reader = maxminddb.open_database(str(self._path))
        except _DAMAGE as error:
            self._tell("is no database of the MaxMind format, or is damaged", error)
            return False
        self._told.clear()
        return True

    def record(self, address: str) -> Json:
        """Return what the file has of an address, None if it has nothing or can't be read there."""
        if self._reader is None:
            return None
        try:
            return self._reader.get(address)
        except (TypeError, ValueError):  # no address, or one of a version that the database does not have
            return None
        except _DAMAGE as error:
            self._tell(_IN_PLACES, error)
            return None

    def _tell(self, state: str, detail: object) -> None:
        if state in self._told:
            return
        self._told.add(state)
        meanwhile = "; the state before stays in use" if self._reader and state != _IN_PLACES else ""
        self._notice(
            f"enrichment: {self._path} {state} ({detail}){meanwhile}. Put a whole file there or change "
            "`enrichment.geoip_files`: it is looked at again when it changes"
        )


def _stamp(path: Path) -> Stamp:
    state = path.stat()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _as_ipv4(address: str) -> str:
    """Write an IPv4 address that is mapped into IPv6 (`::ffff:192.0.2.1`) as what it is; others as they are."""
    if ":" not in address:
        return address
    try:
        mapped = IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return str(mapped) if mapped else address


def _together(known: Mapping[str, Json], more: dict[str, Json], key: str) -> dict[str, Json]:
    """Add what is not known yet, unless the two speak of different countries or networks."""
    differs = key in known and key in more and known[key] != more[key]
    return dict(known) if differs else {**more, **known}
