"""The changes that an activity describes, for display: `name: before → after`.

The feed has three forms: a list of `updates`, each with `type`, `previous_value` and `current_value`; pairs of fields
(`previous_role` and `current_role`, `old_plan` and `new_plan`, `previous_enabled` and `enabled`); and one field of a
pair alone. The fields themselves are not changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .serialize import to_json
from .values import Json, is_empty, pruned

_BEFORE, _AFTER = ("previous_", "old_"), ("current_", "new_")
_UPDATES = "updates"
_MAX_VALUE_CHARS = 256
_NONE, _NOT_GIVEN = "(none)", "(not told)"
_WORDS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class ValueChange:
    """The fields that describe one change."""

    name: str
    """The name of the changed setting or property."""
    before: tuple[str, ...]
    """Fields with the previous value."""
    after: tuple[str, ...]
    """Fields with the new value."""
    bare: str | None
    """The field with the present value, which describes a change only together with a field in `before`."""
    was_missing: str = _NONE
    """The words for a missing previous value."""
    is_missing: str = _NONE
    """The words for a missing new value."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields."""
        return (*self.before, *self.after, *((self.bare,) if self.bare else ()))


UPDATES = ValueChange(_UPDATES, (), (), None)
"""The list of updates, whose elements have the names of the changes."""


def changes_in(names: Iterable[str]) -> tuple[ValueChange, ...]:
    """Return the changes that fields with these names can describe, sorted by name."""
    present = frozenset(names)
    stems = {name.partition("_")[2] for name in present if name.startswith(_BEFORE + _AFTER)}
    return (
        *((UPDATES,) if _UPDATES in present else ()),
        *(_change(stem, present) for stem in sorted(stems)),
    )


def changes_of(fields: Mapping[str, Json], changes: Iterable[ValueChange]) -> list[str]:
    """Return the changes that these fields describe, as text, each once."""
    found: list[str] = []
    for change in changes:
        if change is UPDATES:
            found += _updates(fields.get(_UPDATES))
            continue
        before, after = _first(fields, change.before), _first(fields, change.after)
        if before is None:
            if after is not None:
                found.append(f"{_name(change.name)}: {change.was_missing} → {_shown(after)}")
            continue
        if after is None and change.bare is not None:
            after = _first(fields, (change.bare,))
        if after is not None and _is_same(before, after):
            continue
        now = change.is_missing if after is None else _shown(after)
        found.append(f"{_name(change.name)}: {_shown(before)} → {now}")
    return found if len(found) < 2 else list(dict.fromkeys(found))  # noqa: PLR2004 - two can be equal


def _change(stem: str, present: frozenset[str]) -> ValueChange:
    def with_prefix(prefixes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for prefix in prefixes if (name := f"{prefix}{stem}") in present)

    before, after, bare = with_prefix(_BEFORE), with_prefix(_AFTER), stem if stem in present else None
    return ValueChange(
        stem, before, after, bare, _NONE if before else _NOT_GIVEN, _NONE if after or bare is not None else _NOT_GIVEN
    )


def _first(fields: Mapping[str, Json], names: tuple[str, ...]) -> Json:
    """Return the value of the first of these fields that is not empty, or None."""
    for name in names:
        value = fields.get(name)
        if value or not is_empty(value):
            return value
    return None


def _updates(updates: Json) -> Iterator[str]:
    """Yield the text of each update that has a `type`."""
    for update in updates if isinstance(updates, list) else ():
        name = update.get("type") if isinstance(update, dict) else None
        if not isinstance(name, str) or not name:
            continue
        before, after = update.get("previous_value"), update.get("current_value")
        if is_empty(before) and is_empty(after):
            yield f"{_name(name)}: changed"
        elif not _is_same(before, after):
            yield f"{_name(name)}: {_shown_or_none(before)} → {_shown_or_none(after)}"


def _name(name: str) -> str:
    return name if len(name) <= _MAX_VALUE_CHARS else name[: _MAX_VALUE_CHARS - 1] + "…"


def _is_same(before: Json, after: Json) -> bool:
    """Return whether two values are equal: true is not 1, and the order of an object's members does not matter."""
    if type(before) is not type(after):
        return False
    if isinstance(before, dict | list):
        return to_json(_sorted(pruned(before, math.inf))) == to_json(_sorted(pruned(after, math.inf)))
    return bool(before == after)


def _shown_or_none(value: Json) -> str:
    return _NONE if is_empty(value) else _shown(value)


def _shown(value: Json) -> str:
    if type(value) is str:
        text = value
    elif isinstance(value, list | dict):
        text = to_json(_sorted(pruned(value, math.inf))).decode()
    else:
        text = _WORDS[value] if type(value) is bool else to_json(value).decode()
    return text if len(text) <= _MAX_VALUE_CHARS else text[: _MAX_VALUE_CHARS - 1] + "…"


def _sorted(value: Json) -> Json:
    """Return a value with sorted members, so that its text does not depend on the order of received members."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value
