"""The short way from an activity to its event: what is as documented is written as JSON at once.

Nothing is decided here: the parts of a document come from where `Normalizer.document` takes them, and both ways give
equal documents (a property test holds that). This one is short because most of a document is known beforehand: what
depends on the type is written once for each type, and what depends on the actor once for each actor.
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
from .field_rules import TypeRules, parts_of, target_of, users_of
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
"""The parts of an actor's documents that fields of activities add to."""

_TO_MILLISECONDS: Final = len('"2026-11-23T09:00:00.123')
_MICROSECONDS: Final = len('"2026-11-23T09:00:00.123456Z"')
_SECONDS: Final = len('"2026-11-23T09:00:00Z"')
_FROM, _BEFORE = f'"{MIN_PLAUSIBLE:%Y}'.encode(), f'"{MAX_PLAUSIBLE:%Y}'.encode()
_T, _Z, _POINT = b"TZ."
_ZERO: Final = re.compile(rb"[:\[,]-?0\.0[,\]}]|[:\[,]-?0\.0\Z")
"""A fraction of 0, which a fast parser also makes of one that is too small for it."""
_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})

_encode = msgspec.json.Encoder().encode
_read_time = msgspec.json.Decoder(datetime).decode


class _Acting(NamedTuple):
    """What an actor makes of a document."""

    audit: bytes
    """`,"actor":{…}}}`: the end of `anthropic.audit`."""
    rest: bytes
    """`,"source":{…}`, …: what no field of an activity adds to."""
    people: Mapping[str, Json]
    """`user` and `related`, as far as they are there."""


class FastPath:
    """What all feeds' short ways share: how activities are read, and the actors that were seen."""

    def __init__(self, shapes: Shapes, tables: Tables, surroundings: EnrichmentContext) -> None:
        self.tables = tables
        self.shapes, self.decode = shapes.each, shapes.decode
        self.stamp: Mapping[str, Json] = {"version": tables.version}
        self.endings: dict[bytes, bytes] = {}
        """By an actor as received: how documents end whose fields add nothing to it."""
        self.acting: dict[bytes, _Acting] = {}
        """The same in parts."""
        self._surroundings = surroundings

    def forget_actors(self) -> None:
        """Read each actor again when it is next seen."""
        self.endings.clear()
        self.acting.clear()

    def ending(self, raw: bytes) -> bytes | None:
        """Read an actor and remember it; None when the catalogue does not know all of it."""
        parts, kept, is_actor = read_actor(orjson.loads(raw), self.tables, self._surroundings, EXACT)
        if not is_actor or kept.pop("catalogue") != self.stamp:
            return None
        people = {name: part for name, part in parts.items() if name in _PEOPLE}
        rest = _continued({name: part for name, part in parts.items() if name not in _PEOPLE})
        audit = _continued(kept) + b"}}"
        if len(raw) > MAX_REMEMBERED_CHARS:
            return None
        if len(self.endings) >= _MAX_CACHED_ACTORS:
            self.forget_actors()
        self.acting[raw] = _Acting(audit, rest, people)
        self.endings[raw] = ending = b"".join((audit, rest, _continued(people), b"}"))
        return ending


class _Habit(NamedTuple):
    """What the documents of one type have in common in one lane."""

    head: bytes
    """From the time's end to `event.id`."""
    constant: bytes
    """`,"sensitivity":…`: what is below `anthropic.audit` whatever the activity says."""
    skip: int
    """How much of an emptied activity's JSON comes before its fields, beside its `id`."""
    plan: Plan | None
    """None when all that varies is simply kept."""
    has_fractions: bool


_Dress = tuple[bytes | None, bytes | None, bytes, bytes | None]
"""Stretches of a document that fields have something to say to: the head, the middle, more below `anthropic.audit`, and
the ending; None where they have nothing to say."""


class FeedFastPath:
    """The short way of one feed's activities."""

    def __init__(self, express: FastPath, options: Options) -> None:
        self._express = express
        self._decode, self._endings, self._ending = express.decode, express.endings, express.ending
        constant = {"data_stream": options.data_stream, "ecs": ECS, "tags": options.tag_list}
        self._constant = b'Z"' + _continued(constant) + b',"event":'
        self._events = {shape: _event(shape.plan) for shape in express.shapes}
        self._habits = {shape: self._habit(shape.plan, event) for shape, event in self._events.items()}
        self._stamp = b',"anthropic":{"audit":{"catalogue":' + _encode(express.stamp)
        self._fields = express.tables.fields
        self._heads: dict[tuple[type[Shape], str | None], bytes] = {}
        self._middles: dict[str | None, bytes] = {}

    def _habit(self, plan: Plan, event: Mapping[str, Json]) -> _Habit:
        constant = _continued({"sensitivity": plan.type_plan.sensitivity})
        return _Habit(
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
            head, constant, skip, plan, has_fractions = self._habits[activity.__class__]
            middle, more = self._middles.get(organization) or self._middle(organization), b""
            if plan is not None:
                dress = self._dressed(activity, plan, actor)
                if dress is None:
                    return None
                head, middle, more, ending = dress[0] or head, dress[1] or middle, dress[2], dress[3] or ending
            activity.created_at = activity.actor = activity.organization_id = None
            rest = _encode(activity)
            if may_hold_credentials(rest):
                return None
            kept = rest[skip + len(identity) : -1]
            if has_fractions and _POINT in kept and b"0.0" in kept and _ZERO.search(kept):
                return None
        except (ValueError, RecursionError, OverflowError, SpoiledError):
            return None
        return b"".join(
            (b'{"@timestamp":', time[:_TO_MILLISECONDS], head, identity, middle, constant, kept, more, ending)
        )

    def _dressed(self, activity: Shape, plan: Plan, actor: bytes) -> _Dress | None:
        """Let fields say what they have to say beyond their values; None when one does not fit.

        Fields that are told elsewhere in the document are emptied, and must not hold a password; all others still can.

        Raises:
            SpoiledError: A value was not read exactly, or is nested too deep.
        """
        rule = plan.type_plan.rule
        deciding = {name: getattr(activity, name) for name in plan.deciding} if plan.deciding else _NOTHING
        outcome = None if rule is None else rule.outcome(deciding)
        told = self._told(activity, plan) if plan.changes else _NOTHING
        if plan.brief is not None:
            return self._briefed(activity, plan.brief, actor, told=told, outcome=outcome)
        odd = [pair for pair in zip(plan.odd_names, plan.odd(activity)) if pair[1] is not None]  # noqa: B905 - is slow
        if odd and may_hold_credentials(_encode([value for _, value in odd])):
            return None
        acting = self._express.acting[actor]
        event = usual = self._events[activity.__class__]
        if outcome is not None:
            event = {**event, "outcome": outcome}
        document: dict[str, Json] = {"event": event, **acting.people}
        stamp = self._express.stamp
        audit: dict[str, Json] = {"catalogue": stamp, **told}
        place_fields(Draft(document, audit, EXACT), odd, deciding, plan=plan.type_plan, rules=self._fields)
        if audit.pop("catalogue") is not stamp:
            return None
        for name, _ in odd:
            setattr(activity, name, None)
        said = document.pop("event")
        head = self._constant + _open(said) if said is not usual else None
        named = document.pop("organization", None)
        middle = self._middle(activity.organization_id, named) if named else None
        return head, middle, _continued(audit), self._ended(document, acting, actor)

    def _briefed(
        self, activity: Shape, brief: TypeRules, actor: bytes, *, told: Mapping[str, Json], outcome: str | None
    ) -> _Dress | None:
        """Let the fields of a type with a brief say what they have to say; None when one may hold a password."""
        shape, ending = activity.__class__, None
        target = target_of(brief, activity)
        users = users_of(brief, activity, target)
        parts = parts_of(brief, activity) if brief.parts else _NOTHING
        hosts = [said for field in brief.hosts if (said := getattr(activity, field)) is not None]
        if "url" in parts and "domain" in parts["url"]:
            hosts.insert(0, parts["url"]["domain"])
        if target or users or hosts:
            ending = self._joined(self._express.acting[actor], target, users, hosts)
        if parts:
            ending = (ending or self._endings[actor])[:-1] + _continued(parts) + b"}"
        head = None if outcome is None else self._head(shape, outcome)
        reason = brief.reason and getattr(activity, brief.reason)
        if brief.reason and reason is not None:
            if may_hold_credentials(_encode(reason)):
                return None
            event = self._events[shape]
            head = self._constant + _open({**event, "reason": reason, "outcome": outcome or event["outcome"]})
            setattr(activity, brief.reason, None)
        return head, None, _continued(told), ending

    def _joined(self, acting: _Acting, target: dict[str, Json], users: list[str], hosts: list[str]) -> bytes:
        """Write the end of a document in which more users and hosts are named than the actor."""
        document = dict(acting.people)
        if target:
            document["user"] = {**document.get("user", _NOTHING), "target": target}
        related = dict(document.get("related", _NOTHING))
        if users:
            related["user"] = list(dict.fromkeys([*related.get("user", ()), *users]))
        if hosts:
            related["hosts"] = list(dict.fromkeys([*related.get("hosts", ()), *hosts]))
        if related:
            document["related"] = related
        return b"".join((acting.audit, acting.rest, _continued(document), b"}"))

    def _ended(self, document: dict[str, Json], acting: _Acting, actor: bytes) -> bytes | None:
        """Write the end of a document whose actor's parts may have been added to; None when nothing was."""
        people = acting.people
        if all(document[name] is part for name, part in people.items()):
            if len(document) == len(people):
                return None
            more = {name: part for name, part in document.items() if name not in people}
            return self._endings[actor][:-1] + _continued(more) + b"}"
        return b"".join((acting.audit, acting.rest, _continued(document), b"}"))

    def _head(self, shape: type[Shape], outcome: str | None) -> bytes:
        """Write, once for each outcome, what lies between the time and `event.id`."""
        head = self._heads.get((shape, outcome))
        if head is None:
            event = {**self._events[shape], "outcome": outcome}
            head = self._heads[shape, outcome] = self._constant + _open(event)
        return head

    def _told(self, activity: Shape, plan: Plan) -> Mapping[str, Json]:
        """Return what is told of changes."""
        fields = {name: getattr(activity, name) for name in plan.changing}
        told = changes_of(msgspec.to_builtins(fields) if plan.changes_objects else fields, plan.changes)
        return {"changes": told} if told else _NOTHING

    def _middle(self, identity: str | None, named: Mapping[str, Json] = _NOTHING) -> bytes:
        """Write what lies between `event.id` and the fields, and remember it if it can be met again.

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
    """Write members that follow others."""
    return b"," + _encode(members)[1:-1] if members else b""


def _with_milliseconds(time: bytes) -> bytes:
    """Return a time that is not written to the microsecond as one that is at least to the millisecond.

    Raises:
        ValueError: It has a number of digits that is rare enough for the long way.
    """
    if len(time) == _SECONDS:
        return time[:-2] + b".000"
    if _TO_MILLISECONDS < len(time) - 1 < _MICROSECONDS - 1:
        return time
    message = "the time has not three to six digits"
    raise ValueError(message)
