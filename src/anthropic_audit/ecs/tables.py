"""The catalogue, compiled to tables for one pass over an activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from anthropic_audit.catalogue import ActivityType, ActorKind, AuditField, Catalogue, OutcomeRule, Sentence, classify
from anthropic_audit.catalogue.sentences import SILENT

from .changes import ValueChange, changes_in
from .values import FITTED, Json

_MOVED_OF_ANY: Mapping[str, str] = {
    "ip_address": "source.ip",
    "user_agent": "user_agent.original",
    "unauthenticated_email_address": "user.email",
}
"""Members that move to ECS fields for every kind of actor, including unknown kinds."""

_OURS = frozenset({"metadata", "name"})
"""Fields of actors that we add; a received member with such a name is stored below `metadata`."""

_PLAIN: Mapping[str, type] = {"keyword": str, "boolean": bool, "long": int}
_TEXTS = frozenset({"string", "enum"})
_AS_KEYWORD: Mapping[str, type] = {"boolean": bool, "number": int}
"""Kinds of fields whose values are stored unchanged in a `keyword`, which accepts them."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How a field is stored."""

    name: str
    stored_as: str
    fitted: Callable[[Json], Json] | None
    """Returns a value as it is stored, or None when it does not fit; None for a field that is only stored in ECS."""
    path: tuple[str, ...] = ()
    """The ECS field that the value moves to; empty for none."""
    rank: int = 0
    when: tuple[str, str] | None = None
    only_for: frozenset[str] = frozenset()
    related: str | None = None
    is_text: bool = False
    objects_as: str | None = None
    copies: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """Paths into the value (an empty path is the value itself), and the ECS fields that also store it."""
    is_conditional: bool = False
    """True when the value moves only in some activities."""

    @property
    def is_only_kept(self) -> bool:
        """True when the field is stored under its own name, and nowhere else."""
        is_special = self.path or self.related or self.is_text or self.objects_as or self.copies
        return not is_special and self.stored_as == self.name


@dataclass(frozen=True, slots=True)
class TypePlan:
    """The parts of documents that an activity type determines."""

    category: list[str] | None
    kinds: list[str] | None
    """The values of `event.type`."""
    outcome: str | None
    rule: OutcomeRule | None
    plain: Mapping[str, type]
    """Fields that are stored unchanged when their value is of this class."""
    names: frozenset[str] | None
    """The fields that the type may have; None when the catalogue does not have all of them."""
    is_known: bool
    sensitivity: str | None = None
    changes: tuple[ValueChange, ...] | None = None
    """The changes that the fields can describe; None when the catalogue does not have all fields."""
    texts: frozenset[str] = frozenset()
    """The fields that are documented as one text."""


@dataclass(frozen=True, slots=True)
class ActorPlan:
    """How the members of one kind of actor are stored."""

    moves: Mapping[str, tuple[str, ...]]
    """Members that move to ECS fields, and these fields."""
    types: Mapping[str, str]
    """The Elasticsearch types of members below `anthropic.audit.actor`, by name."""
    copies: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """Paths of members that are also stored in ECS fields, and these fields."""
    names: frozenset[str] = frozenset()
    """The members that the kind may have."""
    name: Sentence = SILENT
    """The template of the display name."""
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables that normalizing looks up."""

    version: str
    plans: Mapping[str, TypePlan]
    fields: Mapping[str, FieldRule]
    plain: Mapping[str, type]
    actors: Mapping[str, ActorPlan]
    unknown_actor: ActorPlan


def compile_tables(catalogue: Catalogue) -> Tables:
    """Return the tables of a catalogue."""
    fields = {name: _rule(field) for name, field in catalogue.fields.items()}
    types = {
        name: _PLAIN.get(str(stored.type)) for name, stored in catalogue.fields.items() if fields[name].is_only_kept
    }
    plain = {name: kind for name, kind in types.items() if kind is not None}
    return Tables(
        version=catalogue.version,
        plans={name: _plan(kind, plain) for name, kind in catalogue.types.items()},
        fields=fields,
        plain=plain,
        actors={name: _actor(kind, catalogue) for name, kind in catalogue.actors.items()},
        unknown_actor=replace(_actor(ActorKind("", {}), catalogue), is_known=False),
    )


def plan_of_unknown(name: str | None, plain: Mapping[str, type]) -> TypePlan:
    """Return the plan of an unknown type, by its name; without a name, an empty plan."""
    if name is None:
        return TypePlan(None, None, None, None, plain, None, is_known=False)
    meaning = classify(name)
    return TypePlan(list(meaning.category), list(meaning.type), meaning.outcome, None, plain, None, is_known=False)


def _plan(kind: ActivityType, plain: Mapping[str, type]) -> TypePlan:
    names = None if kind.is_partial else frozenset({*kind.fields, "organization_uuid"})
    known = dict(plain) if names is None else {name: plain[name] for name in names if name in plain}
    for name, spec in kind.fields.items():
        if known.get(name) is str and not spec.is_array:
            known[name] = _AS_KEYWORD.get(spec.kind, str)
    return TypePlan(
        category=list(kind.category),
        kinds=list(kind.type),
        outcome=kind.outcome,
        rule=kind.outcome_rule,
        plain=known,
        names=names,
        is_known=True,
        sensitivity=kind.sensitivity,
        changes=None if names is None else changes_in(names),
        texts=frozenset(name for name, spec in kind.fields.items() if spec.kind in _TEXTS and not spec.is_array),
    )


def _rule(stored: AuditField) -> FieldRule:
    return FieldRule(
        name=stored.name,
        stored_as=stored.stored_as or stored.name,
        fitted=FITTED[stored.type] if stored.type else None,
        path=tuple(stored.ecs.split(".")) if stored.ecs else (),
        rank=stored.rank,
        when=stored.when,
        only_for=frozenset(stored.only_for),
        related=stored.related,
        is_text=stored.is_text,
        objects_as=stored.objects_as,
        is_conditional=bool(stored.when or stored.only_for),
        copies=tuple((tuple(path.split(".")[1:]), tuple(ecs.split("."))) for path, ecs in stored.copies.items()),
    )


def _actor(kind: ActorKind, catalogue: Catalogue) -> ActorPlan:
    moves = {**kind.moves, **_MOVED_OF_ANY}
    return ActorPlan(
        moves={member: tuple(ecs.split(".")) for member, ecs in moves.items()},
        types={name: stored.type for name, stored in catalogue.actor_fields.items() if name not in _OURS},
        copies=tuple((tuple(member.split(".")), tuple(ecs.split("."))) for member, ecs in kind.copies.items()),
        names=frozenset({"type", *kind.fields}),
        name=kind.name_template,
    )
