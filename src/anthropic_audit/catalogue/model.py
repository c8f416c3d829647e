"""The values of the catalogue; all of them are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from anthropic_audit.documents import value_at_path

from .sentences import SILENT, Sentence

NOTHING: Final[Mapping[str, FieldSpec]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field as the vendor documents it."""

    kind: str
    """`string`, `number`, `boolean`, `enum`, `object`, `map` or `unknown`."""
    is_array: bool = False
    is_required: bool = False
    is_nullable: bool = False
    values: tuple[str, ...] = ()
    """The documented values of an enum; the vendor may send others."""
    has_more_values: bool = False
    """True when the vendor documents more values than are known here."""
    fields: Mapping[str, FieldSpec] = field(default_factory=lambda: NOTHING)
    """The members of an object."""
    variants: tuple[Mapping[str, FieldSpec], ...] = ()
    """The alternatives of an object's members."""
    element: str = ""
    """The kind of a map's values."""


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """A rule that decides by a field of the activity whether it succeeded."""

    name: str
    path: tuple[str, ...]
    """The path of the deciding value in the activity."""
    values: Mapping[str | bool, str] = field(default_factory=dict)
    ranges: tuple[tuple[int, int, str], ...] = ()
    """Ranges of numbers (lowest and highest, both included), each with its outcome."""
    otherwise: str = "unknown"

    def outcome(self, activity: Mapping[str, object]) -> str:
        """Return the outcome of an activity: `success`, `failure` or `unknown`."""
        value = value_at_path(activity, self.path)
        if isinstance(value, str | bool):
            return self.values.get(value, self.otherwise)
        if isinstance(value, int):
            return next((outcome for low, high, outcome in self.ranges if low <= value <= high), self.otherwise)
        return self.otherwise


@dataclass(frozen=True, slots=True)
class ActivityType:
    """One type of activity: its meaning in ECS, the kinds of actor that can do it, and its fields."""

    name: str
    family: str
    category: tuple[str, ...]
    type: tuple[str, ...]
    outcome: str | None
    """None when `outcome_rule` decides."""
    actors: tuple[str, ...]
    """The kinds of actor that can do it; never empty."""
    fields: Mapping[str, FieldSpec] = field(default_factory=lambda: NOTHING)
    outcome_rule: OutcomeRule | None = None
    is_partial: bool = False
    """True when the vendor documents more fields than are known here."""
    description: str = ""
    """What happened, in one sentence."""
    sentence: Sentence = SILENT
    """The template of the sentence that describes one activity."""
    sensitivity: str = "routine"
    """How much the type matters to security: `routine`, `notable` or `critical`."""


@dataclass(frozen=True, slots=True)
class ActorKind:
    """One kind of actor, and the ECS fields for its members."""

    name: str
    fields: Mapping[str, FieldSpec]
    moves: Mapping[str, str] = field(default_factory=dict)
    """Members that are stored in an ECS field instead, and that field."""
    copies: Mapping[str, str] = field(default_factory=dict)
    """Members (or paths, with dots) that are also stored in an ECS field, and that field."""
    description: str = ""
    name_template: Sentence = SILENT
    """The template of the actor's display name, such as `API key {api_key_id}`; see `anthropic.audit.actor.name`."""


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of events."""

    type: str
    """Its Elasticsearch type."""
    description: str = ""
    is_personal: bool = False
    """True for personal data, which can be hashed or redacted before it leaves the archive."""


@dataclass(frozen=True, slots=True)
class AuditField:
    """One top-level field of activities, as it is stored."""

    name: str
    type: str | None = None
    """The Elasticsearch type of `anthropic.audit.<name>`; None when the field is only stored in ECS."""
    ecs: str | None = None
    """The ECS field that the value moves to, unless that field has a value already."""
    rank: int = 0
    """The order of fields that move to the same ECS field, the lowest first."""
    when: tuple[str, str] | None = None
    """The value moves only when this other field has this value."""
    only_for: tuple[str, ...] = ()
    """The value moves only in activities of these types; empty for all."""
    related: str | None = None
    """The list below `related` that the values are added to."""
    stored_as: str | None = None
    """The name below `anthropic.audit`, if it differs from the vendor's name."""
    is_text: bool = False
    """True when a number is stored as text."""
    objects_as: str | None = None
    """The flattened field below `anthropic.audit` that stores values that are objects."""
    copies: Mapping[str, str] = field(default_factory=dict)
    """Paths that begin with the field's name, and the ECS fields that also store their values."""
    description: str = ""
    is_personal: bool = False
    """True for personal data."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The whole catalogue; two are equal only if they are the same object, so that a catalogue can be a key."""

    version: str
    types: Mapping[str, ActivityType]
    actors: Mapping[str, ActorKind]
    fields: Mapping[str, AuditField] = field(default_factory=dict)
    """The fields of activities, by the vendor's name."""
    actor_fields: Mapping[str, StoredField] = field(default_factory=dict)
    """The fields below `anthropic.audit.actor`, by name."""
    own_fields: Mapping[str, StoredField] = field(default_factory=dict)
    """The fields below `anthropic.audit` that we add, by name."""
    ecs_fields: Mapping[str, StoredField] = field(default_factory=dict)
    """The ECS fields that events may have, by their dotted names."""
    envelope: Mapping[str, FieldSpec] = field(default_factory=lambda: NOTHING)
    """The fields that every activity has."""
    expected_types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values of `event.type` that ECS expects for each `event.category`."""

    def suggest(self, name: str) -> str | None:
        """Return the most similar known type, or None."""
        near = get_close_matches(name, self.types, n=1, cutoff=0.6)
        return near[0] if near else None

    def exported_fields(self) -> dict[str, StoredField]:
        """Return every field below `anthropic.audit`, by its dotted name."""
        audit: dict[str, StoredField] = {}
        for name, stored in self.fields.items():
            if stored.type:
                audit[stored.stored_as or name] = StoredField(stored.type, stored.description, stored.is_personal)
            if stored.objects_as:
                audit[stored.objects_as] = StoredField("flattened", stored.description, stored.is_personal)
        actor = {f"actor.{name}": stored for name, stored in self.actor_fields.items()}
        return {
            f"anthropic.audit.{name}": stored for name, stored in sorted({**self.own_fields, **audit, **actor}.items())
        }
