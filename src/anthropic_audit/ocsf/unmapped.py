"""The rest of a document that is not translated yet: translated values are taken from it, the others stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address

from anthropic_audit.documents import value_at

from .depth import MAX_PART_DEPTH, bounded, json_text
from .model import Json

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MAX_ADDRESS_CHARS, _MAX_PORT = 40, 65_535
_MAX_CACHED_ADDRESSES, _MAX_CACHED_PATHS = 16_384, 4_096

Fits = Callable[[Json], bool]
"""Returns whether an attribute of OCSF accepts a value."""


def is_text(value: Json) -> bool:
    """Return whether a value is a non-empty text."""
    return isinstance(value, str) and bool(value)


def is_email(value: Json) -> bool:
    """Return whether OCSF accepts a value as an e-mail address."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_address(value: Json) -> bool:
    """Return whether OCSF accepts a value as an IP address."""
    return isinstance(value, str) and len(value) <= _MAX_ADDRESS_CHARS and _reads_as_address(value)


def is_addresses(value: Json) -> bool:
    """Return whether a value is a non-empty list of IP addresses."""
    return isinstance(value, list) and bool(value) and all(map(is_address, value))


def is_whole(value: Json) -> bool:
    """Return whether a value is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Json) -> bool:
    """Return whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_port(value: Json) -> bool:
    """Return whether a value is a port number."""
    return is_whole(value) and 0 <= value <= _MAX_PORT


def is_texts(value: Json) -> bool:
    """Return whether a value is a non-empty list of texts."""
    return isinstance(value, list) and bool(value) and all(isinstance(element, str) for element in value)


@lru_cache(_MAX_CACHED_ADDRESSES)
def _reads_as_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


class Remainder:
    """A copy of a document to take values from; the document itself is not changed.

    Objects and lists nested deeper than `MAX_DOCUMENT_DEPTH` are kept as their JSON text.
    """

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._parts = {name: _copied(part, MAX_PART_DEPTH) for name, part in document.items() if name != "anthropic"}

    def take(self, path: str, fits: Fits = is_text) -> Json:
        """Return and remove the value at a path; return None and remove nothing when it is missing or does not fit."""
        parents, name = _steps(path)
        members: Json = self._parts
        for parent in parents:
            members = members.get(parent)
            if not isinstance(members, dict):
                return None
        value = members.get(name)
        if value is None or not fits(value):
            return None
        del members[name]
        return value

    def see(self, path: str) -> Json:
        """Return the value at a path without removing it, or None."""
        return value_at(self._parts, path)

    def left(self) -> dict[str, Json]:
        """Return the values that were not taken, without empty parts."""
        return _kept(self._parts)


@lru_cache(_MAX_CACHED_PATHS)
def _steps(path: str) -> tuple[tuple[str, ...], str]:
    """Return the names of a path's parents, and its last name."""
    *parents, name = path.split(".")
    return tuple(parents), name


def _copied(part: Json, levels: int) -> Json:
    if isinstance(part, dict):
        return {name: _copied(member, levels - 1) for name, member in part.items()} if levels else json_text(part)
    return bounded(part, levels) if isinstance(part, list) else part


def _kept(parts: Mapping[str, Json]) -> dict[str, Json]:
    kept = {name: _kept(part) if isinstance(part, dict) else part for name, part in parts.items()}
    return {name: part for name, part in kept.items() if part != {}}
