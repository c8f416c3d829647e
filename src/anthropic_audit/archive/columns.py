"""Extract the columns for filters and groups from ECS documents in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from keyword import iskeyword
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from .schema import EVENT_COLUMNS

Json = Any
"""Any JSON value."""

_MIN_BLOCK_BYTES = 1 << 20
_TEXTS = pa.list_(pa.string())


def columns_of(texts: Sequence[bytes]) -> dict[str, pa.Array | pa.ChunkedArray | list[Json]]:
    """Return the columns of some documents; a value that does not fit its column stays in the document alone.

    Arrow reads all documents at once, outside of the interpreter's lock. Only if one has a value that its column
    can't hold are they read one by one.
    """
    try:
        return _read_together(texts)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        heads = [_head(text) for text in texts]
        return {name: list(map(attrgetter(_attribute(field)), heads)) for field, (name, _) in EVENT_COLUMNS.items()}


def _read_together(texts: Sequence[bytes]) -> dict[str, pa.Array | pa.ChunkedArray | list[Json]]:
    """Read documents whose values all fit their columns.

    Raises:
        ArrowInvalid, ArrowNotImplementedError: A value does not fit.
    """
    block = max(_MIN_BLOCK_BYTES, 2 * max(map(len, texts), default=0) + 2)
    rows = pj.read_json(
        pa.BufferReader(b"\n".join(texts)),
        read_options=pj.ReadOptions(block_size=block),
        parse_options=pj.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"),
    )
    if rows.num_rows != len(texts):
        message = "there are blank lines"
        raise pa.ArrowInvalid(message)
    columns = {name: _at(rows, field.split(".")) for field, (name, _) in EVENT_COLUMNS.items()}
    if any(column.type == _TEXTS and pc.list_flatten(column).null_count for column in columns.values()):
        message = "a list contains null"
        raise pa.ArrowInvalid(message)
    return columns


def _at(rows: pa.Table, path: Sequence[str]) -> pa.ChunkedArray:
    column = rows.column(path[0])
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 else column


def _head(text: bytes) -> msgspec.Struct:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        return msgspec.convert(_fitting(msgspec.json.decode(text), _COLUMN_TREE), _Head)


def _fitting(document: Json, tree: Mapping[str, Any]) -> dict[str, Json]:
    """Return the members of a document that its columns can hold."""
    found: dict[str, Json] = {}
    members = document.items() if isinstance(document, dict) else ()
    for name, value in members:
        kind = tree.get(name)
        if isinstance(kind, dict):
            found[name] = _fitting(value, kind)
        elif kind is not None:
            with suppress(msgspec.ValidationError):
                found[name] = msgspec.convert(value, kind)
    return found


def _attribute(field: str) -> str:
    """Return a dotted field name with attribute names: `as`, a keyword of Python, becomes `as_`."""
    return ".".join(f"{name}_" if iskeyword(name) else name for name in field.split("."))


def _tree(kinds: Mapping[pa.DataType, Any]) -> dict[str, Any]:
    """Return the columns' fields as nested members, each with its entry in `kinds`."""
    tree: dict[str, Any] = {}
    for field, (_, kind) in EVENT_COLUMNS.items():
        *path, member = field.split(".")
        branch = tree
        for name in path:
            branch = branch.setdefault(name, {})
        branch[member] = kinds[kind]
    return tree


def _struct(name: str, tree: Mapping[str, Any]) -> type[msgspec.Struct]:
    """Return a type that decodes these members of a document and skips all others."""
    fields: list[tuple[str, Any, Any]] = []
    for member, kind in tree.items():
        inner = _struct(member, kind) if isinstance(kind, dict) else kind
        fields.append((_attribute(member), inner, inner() if isinstance(kind, dict) else None))
    names = {_attribute(member): member for member in tree}
    return msgspec.defstruct(name, fields, frozen=True, rename=names, gc=False)


def _arrow(tree: Mapping[str, Any]) -> list[pa.Field]:
    """Return the members as Arrow fields."""
    return [pa.field(name, pa.struct(_arrow(kind)) if isinstance(kind, dict) else kind) for name, kind in tree.items()]


_KINDS: Mapping[pa.DataType, Any] = {
    pa.string(): str | None,
    _TEXTS: list[str] | None,
    pa.int64(): Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None,
}
_COLUMN_TREE = _tree(_KINDS)
_Head = _struct("Head", _COLUMN_TREE)
_decoder = msgspec.json.Decoder(_Head)
_SCHEMA = pa.schema(_arrow(_tree({kind: kind for kind in _KINDS})))
