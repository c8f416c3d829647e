"""The fast path from an activity to its event: an activity as documented is written as JSON without a document.

Nothing is decided here: the parts come from the same functions as in `Normalizer.document`, and both paths give equal
documents (a property test checks this). The fast path is fast because most of a document is known beforehand: the
parts that depend on the type are written once per type, and the parts that depend on the actor once per actor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
import orjson

from anthropic_audit.timestamps import MAX_PLAUSIBLE, MIN_PLAUSIBLE

from .actors import read_actor
from .changes import changes_of
from .context import EnrichmentContext
from .drafts import Draft
from .fields import place_fields
from .limits import MAX_REMEMBERED_CHARS
from .options import DATASET, ECS, MODULE, Options
from .shapes import Plan, Shape, Shapes
from .tables import Tables
from .urls import may_hold_credentials
from .values import EXACT, Json, SpoiledError

_MAX_CACHED_ACTORS: Final = 32_768
_MAX_CACHED_ORGANIZATIONS: Final = 4_096
_PEOPLE: Final = frozenset({"user", "related"})
"""The parts of an actor's documents that fields of activities can add to."""

_TO_MILLISECONDS: Final = len('"2026-11-23T09:00:00.123')
_MICROSECONDS: Final = len('"2026-11-23T09:00:00.123456Z"')
_SECONDS: Final = len('"2026-11-23T09:00:00Z"')
_FROM, _BEFORE = f'"{MIN_PLAUSIBLE:%Y}'.encode(), f'"{MAX_PLAUSIBLE:%Y}'.encode()
_T, _Z, _POINT = b"TZ."
_ZERO: Final = re.compile(rb"[:\[,]-?0\.0[,\]}]|[:\[,]-?0\.0\Z")
"""A fraction of 0; a fast parser also returns 0 for a number that is too small for a double."""
_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})

_encode = msgspec.json.Encoder().encode
_read_time = msgspec.json.Decoder(datetime).decode


class _ActorJson(NamedTuple):
    """The parts of a document that an actor determines, written as JSON."""

    audit: bytes
    """`,"actor":{…}}}`: the end of `anthropic.audit`."""
    rest: bytes
    """`,"source":{…}`, …: the parts that no field of an activity adds to."""
    people: Mapping[str, Json]
    """`user` and `related`, if the actor has them."""


class FastPath:
    """The state that the fast paths of all feeds share: the decoder of activities, and a cache of actors."""

    def __init__(self, shapes: Shapes, tables: Tables, context: EnrichmentContext) -> None:
        self.tables = tables
        self.shapes, self.decode = shapes.each, shapes.decode
        self.stamp: Mapping[str, Json] = {"version": tables.version}
        self.endings: dict[bytes, bytes] = {}
        """The end of documents whose fields add nothing to the actor's parts, by the actor as received."""
        self.actors: dict[bytes, _ActorJson] = {}
        """The parts of that end, by the actor as received."""
        self._context = context

    def forget_actors(self) -> None:
        """Clear the cache of actors."""
        self.endings.clear()
        self.actors.clear()

    def ending(self, raw: bytes) -> bytes | None:
        """Return the end of documents for an actor as received, and cache it.

        Return None when the catalogue lacks the actor's kind or a member, or the actor is too large for the cache.
        """
        parts, members, is_actor = read_actor(orjson.loads(raw), self.tables, self._context, EXACT)
        if not is_actor or members.pop("catalogue") != self.stamp:
            return None
        people = {name: part for name, part in parts.items() if name in _PEOPLE}
        rest = _continued({name: part for name, part in parts.items() if name not in _PEOPLE})
        audit = _continued(members) + b"}}"
        if len(raw) > MAX_REMEMBERED_CHARS:
            return None
        if len(self.endings) >= _MAX_CACHED_ACTORS:
            self.forget_actors()
        self.actors[raw] = _ActorJson(audit, rest, people)
        self.endings[raw] = ending = b"".join((audit, rest, _continued(people), b"}"))
        return ending


class _TypeJson(NamedTuple):
    """The parts that documents of one type have in common in one feed, written as JSON."""

    head: bytes
    """The text from the end of the time to `event.id`."""
    constant: bytes
    """`,"sensitivity":…`: the members below `anthropic.audit` that do not depend on the activity."""
    skip: int
    """The number of bytes before the fields in an emptied activity's JSON, without its `id`."""
    plan: Plan | None
    """None when all fields are stored unchanged."""
    has_fractions: bool


_FieldJson = tuple[bytes | None, bytes | None, bytes, bytes | None]
"""Parts of a document that fields of the activity change: the head, the middle, more members below `anthropic.audit`,
and the ending; None for an unchanged part."""


class FeedFastPath:
    """The fast path of one feed's activities."""

    def __init__(self, shared: FastPath, options: Options) -> None:
        self._shared = shared
        self._decode, self._endings, self._ending = shared.decode, shared.endings, shared.ending
        constant = {"data_stream": options.data_stream, "ecs": ECS, "tags": options.tag_list}
        self._constant = b'Z"' + _continued(constant) + b',"event":'
        self._events = {shape: _event(shape.plan) for shape in shared.shapes}
        self._types = {shape: self._type_json(shape.plan, event) for shape, event in self._events.items()}
        self._stamp = b',"anthropic":{"audit":{"catalogue":' + _encode(shared.stamp)
        self._fields = shared.tables.fields
        self._middles: dict[str | None, bytes] = {}

    def _type_json(self, plan: Plan, event: Mapping[str, Json]) -> _TypeJson:
        constant = _continued({"sensitivity": plan.type_plan.sensitivity})
        return _TypeJson(
            self._constant + _open(event), constant, plan.skip, None if plan.is_plain else plan, plan.has_fractions
        )

    def written(self, raw: bytes) -> bytes | None:
        """Return the event of an activity that is as documented, as JSON; None for any other."""
        try:
            activity = self._decode(raw)
            actor = _encode(activity.actor)
            ending = self._endings.get(actor) or self._ending(actor)
            time, identity, organization = _encode(activity.created_at), _encode(activity.id), activity.organization_id
            _read_time(time)
            if ending is None or time[11] != _T or time[-2] != _Z or not _FROM <= time < _BEFORE:
                return None
            if len(time) != _MICROSECONDS:
                time = _with_milliseconds(time)
            head, constant, skip, plan, has_fractions = self._types[activity.__class__]
            middle, more = self._middles.get(organization) or self._middle(organization), b""
            if plan is not None:
                parts = self._field_json(activity, plan, actor)
                if parts is None:
                    return None
                head, middle, more, ending = parts[0] or head, parts[1] or middle, parts[2], parts[3] or ending
            activity.created_at = activity.actor = activity.organization_id = None
            rest = _encode(activity)
            if may_hold_credentials(rest):
                return None
            fields = rest[skip + len(identity) : -1]
            if has_fractions and _POINT in fields and b"0.0" in fields and _ZERO.search(fields):
                return None
        except (ValueError, RecursionError, OverflowError, SpoiledError):
            return None
        return b"".join(
            (b'{"@timestamp":', time[:_TO_MILLISECONDS], head, identity, middle, constant, fields, more, ending)
        )

    def _field_json(self, activity: Shape, plan: Plan, actor: bytes) -> _FieldJson | None:
        """Return the parts of a document that fields change beyond their own values; None when a value does not fit.

        Fields that are written elsewhere in the document are emptied here; None if one of them may hold a password.
        The caller checks all other fields for passwords.

        Raises:
            SpoiledError: A value was not read exactly, or is nested too deep.
        """
        rule = plan.type_plan.rule
        deciding = {name: getattr(activity, name) for name in plan.deciding} if plan.deciding else _NOTHING
        outcome = None if rule is None else rule.outcome(deciding)
        changes = self._changes(activity, plan) if plan.changes else _NOTHING
        odd = [pair for pair in zip(plan.odd_names, plan.odd(activity)) if pair[1] is not None]  # noqa: B905 - is slow
        if odd and may_hold_credentials(_encode([value for _, value in odd])):
            return None
        actor_json = self._shared.actors[actor]
        event = usual = self._events[activity.__class__]
        if outcome is not None:
            event = {**event, "outcome": outcome}
        document: dict[str, Json] = {"event": event, **actor_json.people}
        stamp = self._shared.stamp
        audit: dict[str, Json] = {"catalogue": stamp, **changes}
        place_fields(Draft(document, audit, EXACT), odd, deciding, plan=plan.type_plan, rules=self._fields)
        if audit.pop("catalogue") is not stamp:
            return None
        for name, _ in odd:
            setattr(activity, name, None)
        event = document.pop("event")
        head = self._constant + _open(event) if event is not usual else None
        named = document.pop("organization", None)
        middle = self._middle(activity.organization_id, named) if named else None
        return head, middle, _continued(audit), self._ended(document, actor_json, actor)

    def _ended(self, document: dict[str, Json], actor_json: _ActorJson, actor: bytes) -> bytes | None:
        """Write the end of a document; return None when fields added nothing to the actor's parts."""
        people = actor_json.people
        if all(document[name] is part for name, part in people.items()):
            if len(document) == len(people):
                return None
            more = {name: part for name, part in document.items() if name not in people}
            return self._endings[actor][:-1] + _continued(more) + b"}"
        return b"".join((actor_json.audit, actor_json.rest, _continued(document), b"}"))

    def _changes(self, activity: Shape, plan: Plan) -> Mapping[str, Json]:
        """Return the member `changes` of `anthropic.audit`, or an empty mapping."""
        fields = {name: getattr(activity, name) for name in plan.changing}
        changes = changes_of(msgspec.to_builtins(fields) if plan.changes_objects else fields, plan.changes)
        return {"changes": changes} if changes else _NOTHING

    def _middle(self, identity: str | None, named: Mapping[str, Json] = _NOTHING) -> bytes:
        """Write the text between `event.id` and the fields, and cache it if other activities can have the same text.

        Raises:
            SpoiledError: The organization's id may hold a password.
        """
        if identity is not None and may_hold_credentials(_encode(identity)):
            raise SpoiledError
        organization = {**({} if identity is None else {"id": identity}), **named}
        written = b"}" + _continued({"organization": organization} if organization else _NOTHING) + self._stamp
        if not named and len(written) <= MAX_REMEMBERED_CHARS:
            if len(self._middles) >= _MAX_CACHED_ORGANIZATIONS:
                self._middles.clear()
            self._middles[identity] = written
        return written


def _event(plan: Plan) -> dict[str, Json]:
    meaning = plan.type_plan
    event = {"action": plan.action, "category": meaning.category, "dataset": DATASET, "kind": "event", "module": MODULE}
    return {**event, "type": meaning.kinds, "outcome": meaning.outcome}


def _open(event: Mapping[str, Json]) -> bytes:
    """Write an event's part up to its identifier."""
    return _encode(event)[:-1] + b',"id":'


def _continued(members: Mapping[str, Json]) -> bytes:
    """Write members of an object that follow other members."""
    return b"," + _encode(members)[1:-1] if members else b""


def _with_milliseconds(time: bytes) -> bytes:
    """Return a time with fewer than six fractional digits as one with at least three.

    Raises:
        ValueError: The number of digits is rare, and left to `Normalizer.document`.
    """
    if len(time) == _SECONDS:
        return time[:-2] + b".000"
    if _TO_MILLISECONDS < len(time) - 1 < _MICROSECONDS - 1:
        return time
    message = "the time has not three to six digits"
    raise ValueError(message)
