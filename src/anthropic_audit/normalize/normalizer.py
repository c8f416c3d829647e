"""From an activity's bytes to its ECS document: one pass over its members, by tables; never fails, never drops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from anthropic_audit.catalogue import Catalogue

from .actors import place_actor
from .draft import Draft
from .moves import place_audit, place_moving
from .read import read_object
from .related import place_related
from .tables import CORE, DATASET, ECS_VERSION, Plan, compile_tables, plan_of_unknown
from .values import Json, is_empty, milliseconds, pruned, written

_MOST_UNKNOWN_TYPES = 10_000
_PRESERVED = "preserve_original_event"


@dataclass(frozen=True, slots=True)
class Options:
    """What a feed's documents carry beside the activity."""

    tags: tuple[str, ...] = ("forwarded", "anthropic-audit")
    preserve_original_event: bool = False
    """Keep the received text in `event.original`."""
    namespace: str = "default"
    received_at: datetime | None = None
    """When the activity was received: the time of an event that names none."""


_DEFAULT = Options()


class Normalizer:
    """A catalogue, compiled to normalize with; threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tables = compile_tables(catalogue)
        self._plans = dict(self._tables.plans)
        self._most_plans = len(self._plans) + _MOST_UNKNOWN_TYPES

    @property
    def catalogue_version(self) -> str:
        """The version of the catalogue that documents are made with."""
        return self._tables.version

    def document(self, raw: bytes, options: Options = _DEFAULT) -> dict[str, Json]:
        """Return the ECS document of an activity, or an error document when the bytes are none."""
        activity = read_object(raw)
        if isinstance(activity, str):
            return _error_document(raw, activity, options)
        document = self._normalized(activity, options)
        if options.preserve_original_event:
            document["event"]["original"] = raw.decode("utf-8", "replace")
            document["tags"] = _with_tag(options.tags)
        return document

    def _normalized(self, activity: dict[str, Json], options: Options) -> dict[str, Json]:
        draft = Draft()
        action = activity.get("type")
        plan = self._plan(action) if isinstance(action, str) and action else None
        moving = self._place_members(activity, plan, draft)
        document = draft.document
        _place_time(activity, draft, options)
        document["anthropic"] = {"audit": draft.audit}
        document["data_stream"] = {"dataset": DATASET, "namespace": options.namespace, "type": "logs"}
        document["ecs"] = {"version": ECS_VERSION}
        document["event"] = draft.event
        place_actor(activity.get("actor"), draft, self._tables)
        _place_ids(activity, draft)
        if moving:
            place_moving(moving, draft, self._tables.moves, action if plan else None)
        _categorize(activity, draft, plan)
        _name_user(draft)
        place_related(draft)
        if draft.rest:
            draft.audit["metadata"] = draft.rest
        draft.audit["catalogue"] = self._knowledge(plan, draft)
        if options.tags:
            document["tags"] = list(options.tags)
        return document

    def _plan(self, action: str) -> Plan:
        plan = self._plans.get(action)
        if plan is None:
            plan = plan_of_unknown(action)
            if len(self._plans) < self._most_plans:
                self._plans[action] = plan
        return plan

    def _place_members(self, activity: dict[str, Json], plan: Plan | None, draft: Draft) -> dict[str, Json]:
        """Copy declared members and keep undeclared ones; return those that may move to ECS."""
        places, moves = self._tables.places, self._tables.moves
        names = plan.names if plan and plan.names is not None else self._tables.names
        moving: dict[str, Json] = {}
        for name, value in activity.items():
            if name not in names:
                draft.unknown_fields.append(name)
            if name in CORE:
                continue
            member = pruned(value) if isinstance(value, (dict, list)) else value
            if is_empty(member):
                continue
            if name in moves:
                moving[name] = member
            elif (place := places.get(name)) is not None:
                place_audit(member, name, place, draft)
            else:
                draft.rest[name] = member
        return moving

    def _knowledge(self, plan: Plan | None, draft: Draft) -> dict[str, Json]:
        """Say by which catalogue a document was made, and what of its activity that one does not know."""
        known: dict[str, Json] = {"version": self._tables.version}
        if plan is None or not plan.is_known:
            known["known"] = False
        if draft.unknown_actor is not None:
            known["unknown_actor"] = draft.unknown_actor
        if draft.unknown_fields:
            known["unknown_fields"] = draft.unknown_fields
        if draft.mistyped_fields:
            known["mistyped_fields"] = draft.mistyped_fields
        return known


def _place_time(activity: dict[str, Json], draft: Draft, options: Options) -> None:
    stated = activity.get("created_at")
    when = milliseconds(stated)
    if when is None and not is_empty(stated):
        draft.keep("created_at", pruned(stated))
    if when is None and options.received_at is not None:
        when = written(options.received_at)
    if when is not None:
        draft.document["@timestamp"] = when


def _place_ids(activity: dict[str, Json], draft: Draft) -> None:
    for name, path in (("id", ("event", "id")), ("organization_id", ("organization", "id"))):
        value = activity.get(name)
        if isinstance(value, str) and value:
            draft.place(path, value)
        elif not is_empty(value):
            draft.keep(name, pruned(value))


def _categorize(activity: dict[str, Json], draft: Draft, plan: Plan | None) -> None:
    event, action = draft.event, activity.get("type")
    if plan is not None:
        event["action"] = action
        event["category"] = list(plan.category)
        event["type"] = list(plan.type)
        event["outcome"] = plan.rule.outcome(activity) if plan.rule is not None else plan.outcome
    elif not is_empty(action):
        draft.keep("type", pruned(action))
    event["dataset"] = DATASET
    event["kind"] = "event"
    event["module"] = "anthropic"


def _name_user(draft: Draft) -> None:
    """Name a user after what stands before the `@`, as the published pipeline does."""
    user = draft.document.get("user")
    if user and "email" in user:
        name = user["email"].partition("@")[0]
        if name:
            user["name"] = name


def _with_tag(tags: tuple[str, ...]) -> list[str]:
    return [*tags, _PRESERVED] if _PRESERVED not in tags else list(tags)


def _error_document(raw: bytes, reason: str, options: Options) -> dict[str, Json]:
    document: dict[str, Json] = {
        "data_stream": {"dataset": DATASET, "namespace": options.namespace, "type": "logs"},
        "ecs": {"version": ECS_VERSION},
        "error": {"message": f"the activity can't be read: {reason}"},
        "event": {
            "dataset": DATASET,
            "kind": "pipeline_error",
            "module": "anthropic",
            "original": raw.decode("utf-8", "replace"),
        },
        "tags": _with_tag(options.tags),
    }
    if options.received_at is not None:
        document["@timestamp"] = written(options.received_at)
    return document
