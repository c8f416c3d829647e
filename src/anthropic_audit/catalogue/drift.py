"""Drift: types, fields, kinds of actor, their members and enum values in activities that the catalogue lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from .inference import Json, ObservedValues
from .lint import specs_of
from .model import Catalogue, FieldSpec

MAX_SIGHTINGS: Final = 20_000
"""Upper bound on the missing entries that are kept; more are only counted."""


class MissingKind(StrEnum):
    """Kinds of entries that the catalogue can lack."""

    TYPE = "type"
    FIELD = "field"
    ACTOR = "actor"
    MEMBER = "actor member"
    VALUE = "enum value"


@dataclass(frozen=True, slots=True)
class MissingEntry:
    """One entry that the catalogue lacks."""

    lack: MissingKind
    owner: str
    """The type or the kind of actor that the entry belongs to; empty for a type or a kind of actor."""
    name: str
    """The entry's name, or its path with dots into objects."""
    value: str = ""
    """The value that an enum lacks."""


@dataclass(slots=True)
class Sighting:
    """How often a missing entry was seen, when, and in which activity first."""

    key: MissingEntry
    first_seen: datetime
    last_seen: datetime
    example_id: str
    times: int = 0
    seen: ObservedValues = field(default_factory=ObservedValues)
    actors: set[str] = field(default_factory=set)
    """The kinds of actor that the missing type was seen with."""
    fields: dict[str, ObservedValues] = field(default_factory=dict)
    """The fields of the missing type, or the members of the missing kind of actor."""


class Drift:
    """Compares activities with a catalogue; memory grows with the missing entries, not with the activities."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sightings: dict[MissingEntry, Sighting] = {}
        self.activities = 0
        """The number of activities that were compared."""
        self.unreadable = 0
        """The number of activities that are not a JSON object with a type."""
        self.untold = 0
        """The number of sightings of missing entries beyond `MAX_SIGHTINGS`."""

    @property
    def sightings(self) -> list[Sighting]:
        """The missing entries by kind, the most frequent first."""
        order = list(MissingKind)
        return sorted(
            self._sightings.values(), key=lambda one: (order.index(one.key.lack), -one.times, _words(one.key))
        )

    def compare(self, activity: Json, identity: str, when: datetime) -> None:
        """Compare one activity with the catalogue.

        Args:
            activity: The decoded activity.
            identity: Its id, for the example.
            when: Its time.
        """
        self.activities += 1
        name = activity.get("type") if isinstance(activity, dict) else None
        if not isinstance(name, str) or not name:
            self.unreadable += 1
            return
        actor = activity.get("actor")
        own = {field: value for field, value in activity.items() if field not in self._catalogue.envelope}
        kind = self._catalogue.types.get(name)
        if kind is None:
            self._note_type(name, own, actor, (identity, when))
        else:
            for key, value in self._lacking(MissingKind.FIELD, name, kind.fields, own):
                self._note(key, value, (identity, when))
        if isinstance(actor, dict):
            self._compare_actor(actor, (identity, when))

    def _compare_actor(self, actor: Mapping[str, Json], where: tuple[str, datetime]) -> None:
        kind = actor.get("type")
        members = {name: value for name, value in actor.items() if name != "type"}
        if not isinstance(kind, str):
            return
        known = self._catalogue.actors.get(kind)
        if known is None:
            sighting = self._note(MissingEntry(MissingKind.ACTOR, "", kind), None, where)
            _remember(sighting, members)
            return
        for key, value in self._lacking(MissingKind.MEMBER, kind, known.fields, members):
            self._note(key, value, where)

    def _note_type(self, name: str, own: Mapping[str, Json], actor: Json, where: tuple[str, datetime]) -> None:
        sighting = self._note(MissingEntry(MissingKind.TYPE, "", name), None, where)
        kind = actor.get("type") if isinstance(actor, dict) else None
        if sighting is not None and isinstance(kind, str):
            sighting.actors.add(kind)
        _remember(sighting, own)

    def _lacking(
        self, lack: MissingKind, owner: str, fields: Mapping[str, FieldSpec], values: Mapping[str, Json]
    ) -> Iterator[tuple[MissingEntry, Json]]:
        """Yield the names and enum values that the catalogue lacks, each with the value that was seen."""
        for name, value in values.items():
            spec = fields.get(name)
            if spec is None:
                yield MissingEntry(lack, owner, name), value
            elif value is not None:
                yield from _inside(lack, MissingEntry(lack, owner, name), (spec,), value)

    def _note(self, key: MissingEntry, value: Json, where: tuple[str, datetime]) -> Sighting | None:
        identity, when = where
        sighting = self._sightings.get(key)
        if sighting is None:
            if len(self._sightings) >= MAX_SIGHTINGS:
                self.untold += 1
                return None
            sighting = self._sightings[key] = Sighting(key, when, when, identity)
        sighting.times += 1
        sighting.seen.add(value)
        if when < sighting.first_seen:
            sighting.first_seen, sighting.example_id = when, identity
        sighting.last_seen = max(sighting.last_seen, when)
        return sighting


def watched_types(catalogue: Catalogue) -> list[str]:
    """Return the types whose activities can have new entries that their events do not flag."""
    return [name for name, kind in catalogue.types.items() if kind.is_partial or _can_hide(kind.fields)]


def watched_actors(catalogue: Catalogue) -> list[str]:
    """Return the kinds of actor that can have new entries that events do not flag."""
    return [name for name, kind in catalogue.actors.items() if _can_hide(kind.fields)]


def _can_hide(fields: Mapping[str, FieldSpec]) -> bool:
    return any(spec.kind == "enum" or spec.fields or spec.variants for _, spec in specs_of(fields))


def _inside(
    lack: MissingKind, key: MissingEntry, specs: tuple[FieldSpec, ...], value: Json
) -> Iterator[tuple[MissingEntry, Json]]:
    """Yield members and enum values inside a value that none of the specs documents; variants have several specs."""
    if isinstance(value, list):
        for element in value:
            yield from _inside(lack, key, specs, element)
    elif isinstance(value, str):
        if all(spec.kind == "enum" for spec in specs) and not any(value in spec.values for spec in specs):
            yield MissingEntry(MissingKind.VALUE, key.owner, key.name, value), value
    elif isinstance(value, dict) and all(spec.fields or spec.variants for spec in specs):
        shapes = [shape for spec in specs for shape in spec.variants or (spec.fields,)]
        yield from _members(lack, key, shapes, value)


def _members(
    lack: MissingKind, key: MissingEntry, shapes: list[Mapping[str, FieldSpec]], value: Mapping[str, Json]
) -> Iterator[tuple[MissingEntry, Json]]:
    for name, member in value.items():
        inner = MissingEntry(lack, key.owner, f"{key.name}.{name}")
        specs = tuple(shape[name] for shape in shapes if name in shape)
        if not specs:
            yield inner, member
        elif member is not None:
            yield from _inside(lack, inner, specs, member)


def _remember(sighting: Sighting | None, values: Mapping[str, Json]) -> None:
    if sighting is not None:
        for name, value in values.items():
            sighting.fields.setdefault(name, ObservedValues()).add(value)


def _words(key: MissingEntry) -> tuple[str, str, str]:
    return key.owner, key.name, key.value
