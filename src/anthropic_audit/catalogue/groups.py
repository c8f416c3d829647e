"""Names for many activity types at once: `auth/*`, `*_viewed`, `keys/*_deleted`.

A pattern with `*` stands for the types whose names fit. What stands before a slash is a family (a file of `types/`)
or a group of `groups.yaml`; what stands after it selects from that. Anything else is the name of one type.
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
"""The types of each family and group, by its name."""

_FILE = "groups.yaml"
_WILD, _INSIDE = "*", "/"


@cache
def load_groups() -> Groups:
    """Return the groups that come with this package, families included.

    Raises:
        SetupError: The file has mistakes; all of them are named.
    """
    return read_groups(resources.files(__package__), load())


def read_groups(folder: Traversable, catalogue: Catalogue) -> Groups:
    """Read `groups.yaml` in a catalogue's folder.

    Raises:
        SetupError: The file has mistakes; all of them are named.
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
            found = families.get(str(line)) or _fitting(str(line), catalogue.types)
            if not found:
                problems.add(where, f"nothing is meant by `{line}`")
            groups[group] = groups.get(group, frozenset()) | found
    problems.raise_any()
    return MappingProxyType(dict(sorted(groups.items())))


def is_pattern(text: str) -> bool:
    """Say whether a text can stand for several types."""
    return _WILD in text or _INSIDE in text


def expand(patterns: Iterable[str], catalogue: Catalogue, groups: Groups) -> tuple[str, ...]:
    """Return the types that patterns stand for, each once, in the order of their names.

    The name of a single type is kept even if it is in no catalogue: the API may know it already.

    Raises:
        SetupError: A pattern stands for nothing; with what may have been meant.
    """
    found: set[str] = set()
    for pattern in patterns:
        found |= _types(pattern, catalogue, groups) if is_pattern(pattern) else {pattern}
    return tuple(sorted(found))


def unknown_types(names: Iterable[str], catalogue: Catalogue) -> dict[str, str | None]:
    """Return the names that are in no catalogue, each with the type that was probably meant."""
    return {name: catalogue.suggest(name) for name in names if not is_pattern(name) and name not in catalogue.types}


def _types(pattern: str, catalogue: Catalogue, groups: Groups) -> frozenset[str]:
    group, slash, rest = pattern.rpartition(_INSIDE)
    if slash and group not in groups:
        near = get_close_matches(group, list(groups), n=1)
        message = f"there is no group of activity types `{group}`"
        raise SetupError(message, hint=f"did you mean `{near[0]}/*`?" if near else f"groups are {', '.join(groups)}")
    found = _fitting(rest, groups[group] if slash else catalogue.types)
    if not found:
        message = f"no activity type fits `{pattern}`"
        raise SetupError(message, hint="`anthropic-audit catalogue list` shows all that are known")
    return found


def _fitting(pattern: str, names: Iterable[str]) -> frozenset[str]:
    """Return the names that fit; `*` is the only sign with a meaning."""
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return frozenset(name for name in names if fnmatchcase(name, literal))
