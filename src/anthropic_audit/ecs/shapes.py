"""Shapes of activities as documented: the catalogue, compiled to types that msgspec decodes in one pass.

A shape refuses an activity that is not exactly as documented (an additional field, a value of another kind, an empty
text); `Normalizer.document` normalizes such an activity. So a decoded shape needs no more checks, except for its odd
fields, which are not stored unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Union

import msgspec
from msgspec import Meta

from anthropic_audit.catalogue import ActivityType, Catalogue, FieldSpec

from .changes import ValueChange, changes_in
from .tables import Tables, TypePlan
from .values import FITTED, LONG, Json

_Text = Annotated[str, Meta(min_length=1)]
_Texts = Annotated[list[_Text], Meta(min_length=1)]
_Whole = Annotated[int, Meta(ge=-LONG, le=LONG - 1)]
_Broken = Annotated[float, Meta(gt=-float(LONG), lt=float(LONG))]

_Read = Any
"""A type for msgspec."""

_SCALARS: Mapping[str, _Read] = {"string": _Text, "enum": _Text, "boolean": bool, "number": _Whole | _Broken}
_LISTS: Mapping[str, _Read] = {
    "string": _Texts,
    "enum": _Texts,
    "number": Annotated[list[_Whole | _Broken], Meta(min_length=1)],
}
"""The types of an object's members, by their documented kinds."""

_SIMPLE: Mapping[tuple[type, str], _Read] = {
    (str, "string"): _Text,
    (str, "enum"): _Text,
    (bool, "boolean"): bool,
    (int, "number"): _Whole,
}
"""The type that reads a field that is stored unchanged, by the value's class and the documented kind."""

_FLAT = frozenset({"string", "enum", "boolean", "number"})
_LISTED = frozenset({"string", "enum"})
_EMPTIED: Mapping[str, str | None] = {"id": "", "created_at": None, "actor": None}


class Shape(msgspec.Struct):
    """An activity as documented; each activity type has a subclass with its own fields."""

    plan: ClassVar[Plan]

    id: _Text
    created_at: msgspec.Raw
    """Not decoded as a time: msgspec rounds a fraction of more than six digits, and the time may be implausible."""
    actor: msgspec.Raw
    organization_id: _Text | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules by which activities of one type become documents."""

    action: str
    type_plan: TypePlan
    skip: int
    """The number of bytes before the fields in an emptied activity's JSON, without its `id`."""
    odd_names: tuple[str, ...]
    """Fields that are not stored unchanged."""
    odd: Callable[[Shape], tuple[Json, ...]]
    """Returns the values of the odd fields."""
    deciding: tuple[str, ...]
    """Fields in the conditions of other fields' rules, or of the outcome."""
    changes: tuple[ValueChange, ...]
    """The changes that the fields can describe."""
    changing: tuple[str, ...]
    """The names of the fields in `changes`."""
    changes_objects: bool
    """True when one of the fields in `changes` is an object or a list of objects."""
    is_plain: bool
    """True when all fields are stored unchanged, and the outcome is constant."""
    has_fractions: bool
    """True when a field may be a number with a fraction."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of a catalogue."""

    each: tuple[type[Shape], ...]
    """The shapes of all types whose fields can be attributes of a class."""
    decode: Callable[[bytes], Any]
    """Returns an activity's shape; raises `msgspec.DecodeError` when no shape accepts it."""


def compile_shapes(catalogue: Catalogue, tables: Tables) -> Shapes:
    """Return the shapes of a catalogue's types."""
    each = tuple(_shape(kind, tables) for kind in catalogue.types.values() if _can_be_named(kind))
    return Shapes(each, msgspec.json.Decoder(Union[each]).decode)  # noqa: UP007 - of a tuple


def _can_be_named(kind: ActivityType) -> bool:
    taken = {*Shape.__struct_fields__, "plan", "type"}
    return all(name.isidentifier() and not iskeyword(name) and name not in taken for name in kind.fields)


def _shape(kind: ActivityType, tables: Tables) -> type[Shape]:
    type_plan = tables.plans[kind.name]
    fields: dict[str, _Read] = {"organization_uuid": _Text}
    odd: list[str] = []
    for name, spec in kind.fields.items():
        simple = _simple(name, spec, tables, type_plan)
        fields[name] = Any if simple is None else simple
        odd += [name] if simple is None else []
    odd.sort()
    changes = changes_in(kind.fields)
    changing = tuple(name for change in changes for name in (change.fields or (change.name,)))
    plan = Plan(
        action=kind.name,
        type_plan=type_plan,
        skip=len(msgspec.json.encode({"type": kind.name, **_EMPTIED})) - len('""}'),
        odd_names=tuple(odd),
        odd=_values_of(odd),
        deciding=tuple(_deciding(kind, tables)),
        changes=changes,
        changing=changing,
        changes_objects=any(kind.fields[name].kind not in _FLAT for name in changing),
        is_plain=not (odd or changes or kind.outcome_rule),
        has_fractions=any(_has_fractions(name, spec, tables) for name, spec in kind.fields.items()),
    )
    shape: type[Any] = msgspec.defstruct(
        f"Shape_{kind.name}",
        [(name, read | None, None) for name, read in fields.items()],
        bases=(Shape,),
        namespace={"plan": plan},
        tag_field="type",
        tag=kind.name,
        forbid_unknown_fields=True,
        omit_defaults=True,
        gc=False,
    )
    return shape


def _has_fractions(name: str, spec: FieldSpec, tables: Tables) -> bool:
    return tables.fields[name].fitted in (FITTED["double"], FITTED["flattened"]) or spec.kind not in _FLAT


def _simple(name: str, spec: FieldSpec, tables: Tables, type_plan: TypePlan) -> _Read | None:
    """Return the type that reads a field that is stored unchanged, or None for an odd field."""
    rule = tables.fields[name]
    if not rule.is_only_kept:
        return None
    if rule.fitted is FITTED["flattened"]:
        return _object(spec)
    if rule.fitted is FITTED["double"]:
        return None if spec.is_array else _Whole | _Broken
    if name not in tables.plain:
        return None
    if spec.is_array:
        return _Texts if tables.plain[name] is str and spec.kind in _LISTED else None
    return _SIMPLE.get((type_plan.plain[name], spec.kind))


def _object(spec: FieldSpec) -> _Read | None:
    """Return the type that reads an object (or a list of objects) that is never empty, or None."""
    members: list[tuple[str, _Read] | tuple[str, _Read, None]] = []
    for name, member in spec.fields.items():
        kind = _LISTS.get(member.kind) if member.is_array else _SCALARS.get(member.kind)
        if kind is None:
            return None
        is_sure = member.is_required and not member.is_nullable
        members.append((name, kind) if is_sure else (name, kind | None, None))
    if all(len(member) > 2 for member in members):  # noqa: PLR2004 - name, type, default
        return None
    found = msgspec.defstruct(
        "Members", sorted(members, key=len), forbid_unknown_fields=True, omit_defaults=True, gc=False
    )
    return Annotated[list[found], Meta(min_length=1)] if spec.is_array else found  # type: ignore[valid-type]


def _values_of(names: list[str]) -> Callable[[Shape], tuple[Json, ...]]:
    if not names:
        return lambda _: ()
    values = attrgetter(*names)
    return values if len(names) > 1 else lambda shape: (values(shape),)


def _deciding(kind: ActivityType, tables: Tables) -> Iterator[str]:
    if kind.outcome_rule is not None:
        yield kind.outcome_rule.path[0]
    conditions = {rule.when[0] for name in kind.fields if (rule := tables.fields[name]).when}
    yield from sorted(conditions & kind.fields.keys())
