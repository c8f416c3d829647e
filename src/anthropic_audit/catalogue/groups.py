"""Names for many activity types at once: `auth/*`, `*_viewed`, `keys/*_deleted`.

A pattern with `*` selects the types whose names match. The part before a slash is a family (a file of `types/`) or a
group of `groups.yaml`, and the part after it selects from that family or group. A name without `*` and slash is the
name of one type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from anthropic_audit.errors import SetupError

from .load import load
from .model import Catalogue
from .yaml_reader import Problems, read_mapping

Groups = Mapping[str, frozenset[str]]
"""The names of types, by family or group."""

_FILE = "groups.yaml"
_WILD, _INSIDE = "*", "/"


@cache
def load_groups() -> Groups:
    """Return the groups in this package, including families.

    Raises:
        SetupError: The file has mistakes; the message lists all of them.
    """
    return read_groups(resources.files(__package__), load())


def read_groups(folder: Traversable, catalogue: Catalogue) -> Groups:
    """Return the groups of `groups.yaml` in a catalogue's folder, and the families.

    Raises:
        SetupError: The file has mistakes; the message lists all of them.
    """
    problems = Problems()
    families: dict[str, frozenset[str]] = {}
    for name, kind in catalogue.types.items():
        families[kind.family] = families.get(kind.family, frozenset()) | {name}
    groups = dict(families)
    for group, lines in read_mapping(folder / _FILE, problems).items():
        where = f"{_FILE}: {group}"
        if group in families:
            problems.add(where, "is the name of a family")
        for line in lines if isinstance(lines, list) else [lines]:
            found = families.get(str(line)) or _matching(str(line), catalogue.types)
            if not found:
                problems.add(where, f"no family or type matches `{line}`")
            groups[group] = groups.get(group, frozenset()) | found
    problems.raise_any()
    return MappingProxyType(dict(sorted(groups.items())))


def is_pattern(text: str) -> bool:
    """Return whether a text can select several types."""
    return _WILD in text or _INSIDE in text


def expand(patterns: Iterable[str], catalogue: Catalogue, groups: Groups) -> tuple[str, ...]:
    """Return the types that patterns select, each once, in alphabetical order.

    The name of a single type is kept even if the catalogue lacks it: the API may know it already.

    Raises:
        SetupError: A pattern selects no type; the hint suggests one.
    """
    found: set[str] = set()
    for pattern in patterns:
        found |= _types(pattern, catalogue, groups) if is_pattern(pattern) else {pattern}
    return tuple(sorted(found))


def unknown_types(names: Iterable[str], catalogue: Catalogue) -> dict[str, str | None]:
    """Return the names that the catalogue lacks, each with the most similar type, or None."""
    return {name: catalogue.suggest(name) for name in names if not is_pattern(name) and name not in catalogue.types}


def _types(pattern: str, catalogue: Catalogue, groups: Groups) -> frozenset[str]:
    group, slash, rest = pattern.rpartition(_INSIDE)
    if slash and group not in groups:
        near = get_close_matches(group, list(groups), n=1)
        message = f"there is no group of activity types `{group}`"
        raise SetupError(message, hint=f"did you mean `{near[0]}/*`?" if near else f"groups are {', '.join(groups)}")
    found = _matching(rest, groups[group] if slash else catalogue.types)
    if not found:
        message = f"no activity type matches `{pattern}`"
        raise SetupError(message, hint="`anthropic-audit catalogue list` shows all known types")
    return found


def _matching(pattern: str, names: Iterable[str]) -> frozenset[str]:
    """Return the names that match; `*` is the only wildcard."""
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return frozenset(name for name in names if fnmatchcase(name, literal))
