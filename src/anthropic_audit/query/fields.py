"""The searchable fields: typed columns where there is one, else paths into the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from types import MappingProxyType

import pyarrow as pa

from anthropic_audit.archive.schema import EVENT_COLUMNS
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.errors import SetupError


class FieldKind(Enum):
    """The type of a column's values."""

    TEXT = auto()
    TEXTS = auto()
    NUMBER = auto()
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `events` with a type of its own."""

    name: str
    kind: FieldKind


def _kind(stored: pa.DataType) -> FieldKind:
    if pa.types.is_list(stored):
        return FieldKind.TEXTS
    return FieldKind.NUMBER if pa.types.is_integer(stored) else FieldKind.TEXT


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "@timestamp": Column("timestamp", FieldKind.TIME),
        "event.id": Column("id", FieldKind.TEXT),
        "feed": Column("feed", FieldKind.TEXT),
        "seq": Column("seq", FieldKind.NUMBER),
        **{field: Column(name, _kind(stored)) for field, (name, stored) in EVENT_COLUMNS.items()},
    }
)
"""The fields that have a column, by name; `feed` and `seq` belong to the archive."""

OPEN_ENDED = ("anthropic.audit.metadata.", "anthropic.audit.setting_metadata.")
"""Prefixes of fields that the vendor names freely: each such name can be searched, and none counts as unknown."""


def document_fields(catalogue: Catalogue) -> frozenset[str]:
    """Return the fields that documents can have according to the catalogue."""
    return frozenset(catalogue.ecs_fields).union(catalogue.exported_fields())


def known_fields(document_fields: Iterable[str]) -> frozenset[str]:
    """Return all searchable fields: the columns, and the fields of documents."""
    return frozenset(COLUMNS).union(document_fields)


def check_fields(names: Iterable[str], known: Collection[str]) -> None:
    """Raise if a name is not that of a searchable field.

    Raises:
        SetupError: Lists all unknown names, and suggests known ones.
    """
    unknown = [name for name in names if not _can_occur(name, known)]
    if not unknown:
        return
    message = f"no such field: {', '.join(f'`{name}`' for name in unknown)}"
    near = [suggestion for name in unknown if (suggestion := suggest(name, known)) is not None]
    hint = f"did you mean {', '.join(f'`{name}`' for name in near)}?" if near else None
    raise SetupError(message, hint=hint or f"fields that the catalogue lacks can be searched below `{OPEN_ENDED[0]}`")


def suggest(name: str, known: Collection[str]) -> str | None:
    """Return the field that was probably meant: one that ends with this name, or has a similar name."""
    ends = sorted((field for field in known if field.endswith(f".{name}")), key=lambda field: (len(field), field))
    if ends:
        return ends[0]
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    if near:
        return near[0]
    last = {field.rpartition(".")[2]: field for field in sorted(known, reverse=True)}
    near = get_close_matches(name.rpartition(".")[2], last, n=1, cutoff=0.8)
    return last[near[0]] if near else None


def _can_occur(name: str, known: Collection[str]) -> bool:
    """Return whether a document can have the field; all members of an object that is known as a whole are accepted."""
    if name in known or name.startswith(OPEN_ENDED):
        return True
    parts = name.split(".")
    return any(".".join(parts[:end]) in known for end in range(3, len(parts)))
