"""Convert the normalizer's tables to parameters of a script: JSON values as they are, functions by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anthropic_audit.catalogue import Catalogue, OutcomeRule
from anthropic_audit.ecs import Options
from anthropic_audit.ecs.changes import UPDATES, ValueChange
from anthropic_audit.ecs.options import ECS
from anthropic_audit.ecs.tables import ActorPlan, FieldRule, TypePlan, compile_tables, plan_of_unknown

from .inference import meanings

Json = dict[str, Any]

_KIND_LETTERS = {str: "s", bool: "b", int: "l"}


def parameters(catalogue: Catalogue, options: Options) -> Json:
    """Return the script's parameters: the tables that the normalizer compiles from the catalogue."""
    tables = compile_tables(catalogue)
    kinds = {name: str(kept.type) for name, kept in catalogue.fields.items() if kept.type}
    return {
        "version": tables.version,
        "types": {name: _plan(plan) for name, plan in tables.plans.items()},
        "meanings": meanings(),
        "unknown_type": _plan(plan_of_unknown(None, tables.plain)),
        "fields": {name: _rule(rule, kinds.get(name)) for name, rule in tables.fields.items()},
        "actors": {name: _actor(plan) for name, plan in tables.actors.items()},
        "unknown_actor": _actor(tables.unknown_actor),
        "actor_fields": dict(tables.unknown_actor.types),
        "data_stream": options.data_stream,
        "ecs": dict(ECS),
        "tags": options.tag_list,
    }


def _plan(plan: TypePlan) -> Json:
    found: Json = {"plain": {name: _KIND_LETTERS[kind] for name, kind in plan.plain.items()}}
    named = {"category": plan.category, "type": plan.kinds, "outcome": plan.outcome, "sensitivity": plan.sensitivity}
    found |= {name: value for name, value in named.items() if value}
    if plan.rule is not None:
        found["rule"] = _outcome(plan.rule)
    if plan.names is not None:
        found["names"] = sorted(plan.names)
    if plan.texts:
        found["texts"] = sorted(plan.texts)
    if plan.changes is not None:
        found["changes"] = [_change(one) for one in plan.changes]
    return found


def _outcome(rule: OutcomeRule) -> Json:
    """Convert an outcome rule; true and false become the words `true` and `false`, which no text of the feed is."""
    values = {str(key).lower() if isinstance(key, bool) else key: outcome for key, outcome in rule.values.items()}
    return {
        "path": list(rule.path),
        "values": values,
        "ranges": [list(one) for one in rule.ranges],
        "otherwise": rule.otherwise,
    }


def _change(change: ValueChange) -> Json:
    if change is UPDATES:
        return {"name": change.name, "is_list": True}
    found = {
        "name": change.name,
        "before": list(change.before),
        "after": list(change.after),
        "was_missing": change.was_missing,
        "is_missing": change.is_missing,
    }
    return {**found, "bare": change.bare} if change.bare else found


def _rule(rule: FieldRule, kind: str | None) -> Json:
    members: Mapping[str, Any] = {
        "type": kind,
        "path": list(rule.path),
        "when": list(rule.when or ()),
        "only_for": sorted(rule.only_for),
        "related": rule.related,
        "is_text": rule.is_text,
        "objects_as": rule.objects_as,
        "copies": [[list(path), list(target)] for path, target in rule.copies],
    }
    shown = {name: value for name, value in members.items() if value}
    return {"name": rule.name, "stored_as": rule.stored_as, "rank": rule.rank, **shown}


def _actor(plan: ActorPlan) -> Json:
    return {
        "moves": {name: list(path) for name, path in plan.moves.items()},
        "copies": [[list(path), list(target)] for path, target in plan.copies],
        "names": sorted(plan.names),
        "name": [
            {
                "optional": part.is_optional,
                "pieces": [{"value": is_name, "text": text} for is_name, text in part.pieces],
            }
            for part in plan.name.parts
        ],
    }
