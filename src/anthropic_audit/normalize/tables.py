"""The catalogue, compiled for the one pass over an activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from anthropic_audit.catalogue import ActivityType, ActorKind, AuditField, Catalogue, OutcomeRule, classify

from .values import FITS, Json

ECS_VERSION = "9.3.0"
DATASET = "anthropic.audit"

CORE = frozenset({"id", "type", "created_at", "actor", "organization_id"})
"""Members of every activity that have a place of their own in ECS."""

ANY_ACTOR: Mapping[str, str] = MappingProxyType(
    {
        "ip_address": "source.ip",
        "user_agent": "user_agent.original",
        "unauthenticated_email_address": "user.email",
    }
)
"""Members that live in an ECS field whatever the kind of actor is."""

Path = tuple[str, ...]
Fits = Callable[[Json], bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of one activity type before any activity of it is seen."""

    category: tuple[str, ...]
    type: tuple[str, ...]
    outcome: str | None
    rule: OutcomeRule | None
    names: frozenset[str] | None
    """The fields that its activities may have; None when not all are documented, so that any known one may occur."""
    is_known: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field goes that is copied to `anthropic.audit`."""

    name: str
    type: str
    fits: Fits
    is_text: bool
    related: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """When and where a field moves to ECS, and its place when it does not."""

    path: Path
    fits: Fits
    when: tuple[str, str] | None
    only_for: frozenset[str]
    place: Place | None


@dataclass(frozen=True, slots=True)
class ActorPlan:
    """Where the members of one kind of actor go."""

    moves: Mapping[str, Path]
    copies: tuple[tuple[Path, Path], ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that one pass needs."""

    version: str
    names: frozenset[str]
    """Every field that the catalogue knows of any type."""
    plans: Mapping[str, Plan]
    places: Mapping[str, Place]
    moves: Mapping[str, Move]
    """By raw name; the order is the order of precedence."""
    actors: Mapping[str, ActorPlan]
    any_actor: ActorPlan
    actor_fits: Mapping[str, Fits]


_ECS_FITS: Mapping[str, Fits] = MappingProxyType({"http.response.status_code": FITS["long"]})
_ECS_TEXT: Fits = lambda value: isinstance(value, str)  # noqa: E731 - a row of the table above


def compile_tables(catalogue: Catalogue) -> Tables:
    """Compile a catalogue."""
    moving = [field for field in catalogue.fields.values() if field.ecs]
    moving.sort(key=lambda field: (field.ecs, field.rank))
    places = {name: _place(field) for name, field in catalogue.fields.items() if not field.ecs}
    return Tables(
        version=catalogue.version,
        names=CORE | catalogue.envelope.keys() | catalogue.fields.keys(),
        plans=MappingProxyType({name: _plan(kind, catalogue) for name, kind in catalogue.types.items()}),
        places=MappingProxyType({name: place for name, place in places.items() if place is not None}),
        moves=MappingProxyType({field.name: _move(field) for field in moving}),
        actors=MappingProxyType({name: _actor_plan(kind) for name, kind in catalogue.actors.items()}),
        any_actor=_actor_plan(ActorKind("", {})),
        actor_fits=MappingProxyType({name: FITS[kind] for name, kind in catalogue.actor_fields.items()}),
    )


def plan_of_unknown(name: str) -> Plan:
    """Return what an unknown type's name says of it."""
    meaning = classify(name)
    return Plan(meaning.category, meaning.type, meaning.outcome, None, None, is_known=False)


def _plan(kind: ActivityType, catalogue: Catalogue) -> Plan:
    names = None if kind.is_partial else CORE | catalogue.envelope.keys() | kind.fields.keys()
    return Plan(kind.category, kind.type, kind.outcome, kind.outcome_rule, names, is_known=True)


def _place(field: AuditField) -> Place | None:
    if field.type is None:
        return None
    fits = FITS["long"] if field.is_text else FITS[field.type]
    return Place(field.stored_as or field.name, field.type, fits, field.is_text, field.related)


def _move(field: AuditField) -> Move:
    path = field.ecs or ""
    fits = _ECS_FITS.get(path, _ECS_TEXT)
    return Move(tuple(path.split(".")), fits, field.when, frozenset(field.only_for), _place(field))


def _actor_plan(kind: ActorKind) -> ActorPlan:
    moves = {name: tuple(path.split(".")) for name, path in {**ANY_ACTOR, **kind.moves}.items()}
    copies = tuple((tuple(source.split(".")), tuple(path.split("."))) for source, path in kind.copies.items())
    return ActorPlan(MappingProxyType(moves), copies)
