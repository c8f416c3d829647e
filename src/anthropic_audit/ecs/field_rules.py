"""The rules of one type's fields, resolved once per type instead of once per activity.

Most types have at most one or two fields with a rule beyond storing the value: a target, a reason, a file, a related
user. For these the rules are resolved once. A type with any other kind of rule has no `TypeRules`; its fields are
placed rule by rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from anthropic_audit.catalogue import ActivityType
from anthropic_audit.redact import safe_url

from .ecs_objects import extension_of, url_of
from .tables import FieldRule
from .values import FITTED, Json

_TARGET: Final = ("user", "target")
_ROLES: Final = "roles"
_REASON: Final = ("event", "reason")
_FILE_NAME: Final = ("file", "name")
_URL: Final = ("url", "original")
_STATUS: Final = ("http", "response", "status_code")
_PARTS: Final = frozenset({"file", "group", "http", "url"})
"""The parts of documents that only these rules write to."""
_TEXTS: Final = frozenset({"string", "enum"})


class FieldTarget(NamedTuple):
    """A field that becomes a member of `user.target`, the user whom an activity affects."""

    field: str
    member: str
    """The member of `user.target`."""
    is_list: bool
    """True when that member is a list."""
    is_moved: bool
    """True when the field is stored only there."""
    when: str | None
    """The rule applies only when this other field has `value`; None for always."""
    value: str | None


class RulePart(NamedTuple):
    """A field that becomes a member of another part of the document."""

    field: str
    path: tuple[str, ...]
    is_moved: bool


@dataclass(frozen=True, slots=True)
class TypeRules:
    """The resolved rules of one type's fields."""

    targets: tuple[FieldTarget, ...] = ()
    parts: tuple[RulePart, ...] = ()
    reason: str | None = None
    """The field that becomes `event.reason`."""
    users: tuple[str, ...] = ()
    """Fields whose values are related users."""
    hosts: tuple[str, ...] = ()
    """Fields whose values are related hosts."""

    @property
    def is_empty(self) -> bool:
        """True when all fields are only stored under their own names."""
        return self == _NO_RULES


_NO_RULES: Final = TypeRules()


def type_rules(kind: ActivityType, odd: Iterable[str], rules: Mapping[str, FieldRule]) -> TypeRules | None:
    """Return the resolved rules of a type's `odd` fields, or None when one of them has a rule of another kind."""
    found = _Resolver()
    if not all(found.takes(kind, rules[name]) for name in odd):
        return None
    places: list[object] = [target.member for target in found.targets] + [part.path for part in found.parts]
    if len(set(places)) < len(places) or len(found.reasons) > 1:
        return None
    reason = found.reasons[0] if found.reasons else None
    users, hosts = found.related["user"], found.related["hosts"]
    return TypeRules(tuple(found.targets), tuple(found.parts), reason, tuple(users), tuple(hosts))


def target_of(rules: TypeRules, fields: object) -> dict[str, Json]:
    """Return the members of `user.target`, and empty the fields that move there."""
    target: dict[str, Json] = {}
    for field, member, is_list, is_moved, when, value in rules.targets:
        found = getattr(fields, field)
        if found is not None and (when is None or getattr(fields, when) == value):
            target[member] = [found] if is_list else found
            if is_moved:
                setattr(fields, field, None)
    return target


def users_of(rules: TypeRules, fields: object, target: Mapping[str, Json]) -> list[str]:
    """Return the users that a target and fields name."""
    users = [user for name in ("email", "id") if (user := target.get(name)) is not None] if target else []
    for field in rules.users:
        found = getattr(fields, field)
        users += found if isinstance(found, list) else () if found is None else (found,)
    return users


def parts_of(rules: TypeRules, fields: object) -> dict[str, Json]:
    """Return the other parts of a document that fields determine, and empty the fields that move there."""
    made: dict[str, Json] = {}
    for field, path, is_moved in rules.parts:
        value = getattr(fields, field)
        if value is None:
            continue
        if path == _URL:
            made["url"] = url_of(safe_url(value))
        else:
            _put(made, path, value)
            if path == _FILE_NAME and (extension := extension_of(value)):
                made["file"]["extension"] = extension
        if is_moved:
            setattr(fields, field, None)
    return made


def _put(made: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    for name in path[:-1]:
        made = made.setdefault(name, {})
    made[path[-1]] = value


class _Resolver:
    """Resolves the rules of a type's fields, one after the other."""

    def __init__(self) -> None:
        self.targets: list[FieldTarget] = []
        self.parts: list[RulePart] = []
        self.reasons: list[str] = []
        self.related: dict[str, list[str]] = {"user": [], "hosts": []}

    def takes(self, kind: ActivityType, rule: FieldRule) -> bool:
        """Add the rule of a field; return False when the rule is of another kind."""
        spec = kind.fields[rule.name]
        moves = bool(rule.path) and _may_move(rule, kind)
        stays = not moves or rule.when is not None
        is_special = rule.is_text or rule.objects_as or rule.stored_as != rule.name
        is_readable = spec.kind in _TEXTS or (spec.kind == "number" and rule.path == _STATUS)
        if not is_readable or is_special or (stays and rule.fitted is not FITTED["keyword"]):
            return False
        if (rule.path or rule.copies) and (spec.is_array or rule.related):
            return False
        if rule.related:
            self.related[rule.related].append(rule.name)
        copies = [ecs for path, ecs in rule.copies if not path]
        is_simple = not rule.copies or (len(copies) == len(rule.copies) and not rule.path)
        return (
            is_simple
            and all(self._adds(rule, ecs, is_moved=False) for ecs in copies)
            and (not moves or self._adds(rule, rule.path, is_moved=True))
        )

    def _adds(self, rule: FieldRule, ecs: tuple[str, ...], *, is_moved: bool) -> bool:
        """Add the ECS field that a field is stored in; return False when `TypeRules` can't express it."""
        when, value = rule.when or (None, None)
        if ecs[:-1] == _TARGET:
            self.targets.append(FieldTarget(rule.name, ecs[-1], ecs[-1] == _ROLES, is_moved, when, value))
        elif ecs == _REASON and is_moved and when is None:
            self.reasons.append(rule.name)
        elif ecs[0] in _PARTS and when is None:
            self.parts.append(RulePart(rule.name, ecs, is_moved))
        else:
            return False
        return True


def _may_move(rule: FieldRule, kind: ActivityType) -> bool:
    if rule.only_for and kind.name not in rule.only_for:
        return False
    return rule.when is None or rule.when[0] in kind.fields
