"""Place the fields of an activity that are not only stored under their own names, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType

from anthropic_audit.documents import value_at_path

from .drafts import Draft
from .ecs_objects import extension_of, url_of
from .serialize import to_json
from .tables import FieldRule, TypePlan
from .timestamps import is_interpreted, read_time
from .values import FITTED, Json, is_empty

_URL = ("url", "original")
_ROLES = ("user", "target", "roles")
_STATUS = ("http", "response", "status_code")
_FILE, _EXTENSION = ("file", "name"), ("file", "extension")

_NOT_TEXTS = frozenset({_ROLES, _STATUS})
_NO_USER: Mapping[str, Json] = MappingProxyType({})

Odd = Sequence[tuple[str, Json]]
"""Names and values of the fields to place, sorted by name: documents do not depend on the order of an activity."""


def place_fields(
    draft: Draft, odd: Odd, activity: Mapping[str, Json], *, plan: TypePlan, rules: Mapping[str, FieldRule]
) -> None:
    """Place fields in a draft: first the fields that move to ECS, by rank, then the others.

    Args:
        draft: The document to change.
        odd: The fields to place.
        activity: All fields, for rules with conditions.
        plan: The plan of the activity's type.
        rules: The rules of all fields, by name.

    Raises:
        SpoiledError: A value was not read exactly, or is nested too deep.
    """
    moving: list[tuple[int, FieldRule, Json]] = []
    staying: list[tuple[FieldRule, Json]] = []
    names = plan.names
    for name, value in odd:
        pruned = value if type(value) is str else draft.pruned(value)
        if not pruned and is_empty(pruned):
            continue
        rule = rules.get(name)
        if rule is None or (names is not None and name not in names):
            draft.flag("unknown_fields", name)
        if rule is None:
            draft.set_aside(name, pruned)
        elif rule.path and (not rule.is_conditional or _is_to_move(rule, activity, draft)):
            moving.append((rule.rank, rule, pruned))
        else:
            staying.append((rule, pruned))
    if moving:
        _move_all(moving, staying, draft)
    for rule, pruned in staying:
        keep = _keep_other_than_text if rule.name in plan.texts and type(pruned) is not str else _keep
        keep(rule, pruned, draft)


def _is_to_move(rule: FieldRule, activity: Mapping[str, Json], draft: Draft) -> bool:
    action = draft.document["event"]["action"]
    if rule.only_for and not (isinstance(action, str) and action in rule.only_for):
        return False
    return rule.when is None or activity.get(rule.when[0]) == rule.when[1]


def _move_all(moving: list[tuple[int, FieldRule, Json]], staying: list[tuple[FieldRule, Json]], draft: Draft) -> None:
    """Move fields by rank; add fields that do not fit, or whose ECS field is taken, to `staying`."""
    moving.sort(key=itemgetter(0))
    for _, rule, pruned in moving:
        path = rule.path
        value = pruned if type(pruned) is str and path not in _NOT_TEXTS else _fitted_to_ecs(path, pruned)
        is_number = value is None and type(pruned) is int and path not in _NOT_TEXTS
        if (is_number and draft.put(path, str(pruned))) or (value is None and rule.fitted is None):
            draft.set_aside_mistyped(rule.name, pruned)
        elif value is None or not draft.put(path, value):
            staying.append((rule, pruned))
        elif path == _URL:
            draft.document["url"] = parts = url_of(value)
            draft.relate("hosts", parts.get("domain"))
        elif path == _FILE and (extension := extension_of(value)):
            draft.put(_EXTENSION, extension)
    target = draft.document.get("user", _NO_USER).get("target")
    if target:
        draft.relate("user", [target.get("email"), target.get("id")])


def _fitted_to_ecs(path: tuple[str, ...], value: Json) -> Json:
    """Return a value as its ECS field stores it, or None when it does not fit there."""
    if path == _ROLES:
        roles = value if isinstance(value, list) else [value]
        return list(dict.fromkeys(roles)) if all(isinstance(role, str) for role in roles) else None
    if path == _STATUS:
        return FITTED["long"](value) if isinstance(value, int) else None
    return value if isinstance(value, str) else None


def _keep(rule: FieldRule, value: Json, draft: Draft) -> None:
    """Store a value below `anthropic.audit`: in its own field if it fits, or else below `metadata`."""
    for path, target in rule.copies:
        _copy(path, target, value, draft)
    if rule.fitted is None:
        draft.set_aside(rule.name, value)
        return
    if rule.is_text and type(value) is int:
        value = str(value)
    fitted = rule.fitted(value)
    if fitted is None and rule.objects_as and FITTED["flattened"](value) is not None:
        draft.audit[rule.objects_as] = value
    elif fitted is None:
        draft.set_aside(rule.name, value)
        draft.flag("mistyped_fields", rule.name)
    else:
        draft.audit[rule.stored_as] = fitted
        if rule.fitted is read_time and is_interpreted(value):
            draft.set_aside(rule.name, value)
            draft.flag("mistyped_fields", rule.name)
        if rule.related:
            draft.relate(rule.related, fitted)


def _keep_other_than_text(rule: FieldRule, value: Json, draft: Draft) -> None:
    """Store a value of another type where a text is documented; a number is also stored as text, for searches."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and rule.fitted is FITTED["keyword"]:
        draft.set_aside_mistyped(rule.name, value)
        _keep(rule, to_json(value).decode(), draft)
    elif not is_number and isinstance(value, dict) and rule.objects_as:
        _keep(rule, value, draft)
    elif rule.fitted is FITTED["keyword"]:
        draft.set_aside_mistyped(rule.name, value)
    else:
        _keep(rule, value, draft)


def _copy(path: tuple[str, ...], target: tuple[str, ...], value: Json, draft: Draft) -> None:
    """Also store the value at a path inside a value in an ECS field, if it fits."""
    found = value_at_path(value, path)
    fitted = None if found is None else _fitted_to_ecs(target, found)
    if fitted is not None:
        draft.put(target, fitted)
