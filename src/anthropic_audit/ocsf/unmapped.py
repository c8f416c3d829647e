"""What of a document has found no place yet: what is told in OCSF's words is taken from here, the rest stays in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address

from anthropic_audit.documents import value_at

from .depth import MAX_PART_DEPTH, bounded, json_text
from .model import Json

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LONGEST_ADDRESS, _HIGHEST_PORT = 40, 65_535
_ADDRESSES, _PATHS = 16_384, 4_096

Fits = Callable[[Json], bool]
"""Says whether a value may stand where it is to go."""


def is_text(value: Json) -> bool:
    """Say whether it is a text that says something."""
    return isinstance(value, str) and bool(value)


def is_email(value: Json) -> bool:
    """Say whether OCSF takes it for an e-mail address."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_address(value: Json) -> bool:
    """Say whether OCSF takes it for an IP address."""
    return isinstance(value, str) and len(value) <= _LONGEST_ADDRESS and _reads_as_address(value)


def is_addresses(value: Json) -> bool:
    """Say whether it is a list of IP addresses, at least one."""
    return isinstance(value, list) and bool(value) and all(map(is_address, value))


def is_whole(value: Json) -> bool:
    """Say whether it is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Json) -> bool:
    """Say whether it is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_port(value: Json) -> bool:
    """Say whether it is the number of a port."""
    return is_whole(value) and 0 <= value <= _HIGHEST_PORT


def is_texts(value: Json) -> bool:
    """Say whether it is a list of texts, at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(element, str) for element in value)


@lru_cache(_ADDRESSES)
def _reads_as_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


class Remainder:
    """A document to take from; the document itself stays as it is.

    Objects and lists nested deeper than documents may be (`MAX_DOCUMENT_DEPTH`) are kept as their JSON text.
    """

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._parts = {name: _copied(part, MAX_PART_DEPTH) for name, part in document.items() if name != "anthropic"}

    def take(self, path: str, fits: Fits = is_text) -> Json:
        """Return what lies at a path, and remove it; None, and nothing is removed, when it does not fit."""
        folders, name = _steps(path)
        place: Json = self._parts
        for folder in folders:
            place = place.get(folder)
            if not isinstance(place, dict):
                return None
        value = place.get(name)
        if value is None or not fits(value):
            return None
        del place[name]
        return value

    def see(self, path: str) -> Json:
        """Return what lies at a path, and leave it there."""
        return value_at(self._parts, path)

    def left(self) -> dict[str, Json]:
        """Return what was not taken, without parts that are empty now."""
        return _kept(self._parts)


@lru_cache(_PATHS)
def _steps(path: str) -> tuple[tuple[str, ...], str]:
    """Return a path's objects and its last name."""
    *folders, name = path.split(".")
    return tuple(folders), name


def _copied(part: Json, levels: int) -> Json:
    if isinstance(part, dict):
        return {name: _copied(member, levels - 1) for name, member in part.items()} if levels else json_text(part)
    return bounded(part, levels) if isinstance(part, list) else part


def _kept(parts: Mapping[str, Json]) -> dict[str, Json]:
    kept = {name: _kept(part) if isinstance(part, dict) else part for name, part in parts.items()}
    return {name: part for name, part in kept.items() if part != {}}
