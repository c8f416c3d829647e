"""What an activity changed, as a person reads it: `name: before → after`.

The feed tells of changes in three ways: a list of `updates`, each with `type`, `previous_value` and `current_value`;
pairs of fields (`previous_role` and `current_role`, `old_plan` and `new_plan`, `previous_enabled` and `enabled`); and
one of a pair alone. The fields themselves stay as they are.
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
_NONE, _NOT_TOLD = "(none)", "(not told)"
_WORDS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class ValueChange:
    """Fields that tell of one change."""

    name: str
    """What changed."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    bare: str | None
    """The field that has what is now, but tells of a change only beside one that has what was."""
    was_missing: str = _NONE
    """What is said where nothing is told of before."""
    is_missing: str = _NONE
    """What is said where nothing is told of now."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.before, *self.after, *((self.bare,) if self.bare else ()))


UPDATES = ValueChange(_UPDATES, (), (), None)
"""The list of updates, which names what changed by itself."""


def changes_in(names: Iterable[str]) -> tuple[ValueChange, ...]:
    """Return the changes that fields of these names can tell of, by name."""
    present = frozenset(names)
    stems = {name.partition("_")[2] for name in present if name.startswith(_BEFORE + _AFTER)}
    return (
        *((UPDATES,) if _UPDATES in present else ()),
        *(_change(stem, present) for stem in sorted(stems)),
    )


def changes_of(fields: Mapping[str, Json], changes: Iterable[ValueChange]) -> list[str]:
    """Return what changed by these fields, each change once."""
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
    return found if len(found) < 2 else list(dict.fromkeys(found))  # noqa: PLR2004 - two may be the same


def _change(stem: str, present: frozenset[str]) -> ValueChange:
    def those(prefixes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for prefix in prefixes if (name := f"{prefix}{stem}") in present)

    before, after, bare = those(_BEFORE), those(_AFTER), stem if stem in present else None
    return ValueChange(
        stem, before, after, bare, _NONE if before else _NOT_TOLD, _NONE if after or bare is not None else _NOT_TOLD
    )


def _first(fields: Mapping[str, Json], names: tuple[str, ...]) -> Json:
    """Return the first of some fields that is there and not empty."""
    for name in names:
        value = fields.get(name)
        if value or not is_empty(value):
            return value
    return None


def _updates(updates: Json) -> Iterator[str]:
    """Tell of each update that names what it is about."""
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
    """Say whether nothing changed: true is not 1, and the order of an object's members does not matter."""
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
    """Return a value whose text does not depend on the order of what was received."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value
