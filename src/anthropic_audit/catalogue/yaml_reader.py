"""Reading the catalogue's files: YAML in, mappings out, and every mistake gathered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import yaml

from anthropic_audit.errors import SetupError

from .errors import NotationError

_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Read = TypeVar("_Read")


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]  # written in C where there is one, so known at run time only
    """A safe loader that refuses a name that stands twice in a mapping; YAML's own keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            names = [key.value for key, _ in node.value]
            twice = sorted({name for name in names if names.count(name) > 1})
            message = f"`{'`, `'.join(twice)}` stands twice"
            raise yaml.MarkedYAMLError(problem=message, problem_mark=node.start_mark)
        return mapping


class Problems:
    """What is wrong in the files, gathered so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, where: str, what: object) -> None:
        """Note a mistake."""
        self._found.append(f"{where}: {what}")

    def raise_any(self) -> None:
        """Accept that there is none.

        Raises:
            SetupError: With every mistake, its file and its key.
        """
        if self._found:
            message = "the catalogue has mistakes:\n  " + "\n  ".join(self._found)
            raise SetupError(
                message, hint="catalogue/notation.py and the comments in the files say how they are written"
            )


def read_mapping(file: Traversable, problems: Problems) -> dict[str, Any]:
    """Read a file; an unreadable one is a problem, and empty."""
    try:
        read = yaml.load(file.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - it is a safe loader
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(file.name, " ".join(str(error).split()))
        return {}
    if not isinstance(read, dict):
        problems.add(file.name, "is no mapping")
        return {}
    return read


def read_each(file: Traversable, read: Callable[[str, dict[str, Any]], _Read], problems: Problems) -> dict[str, _Read]:
    """Read a file's entries, each by itself, so that one mistake does not hide another."""
    found = {}
    for name, written in read_mapping(file, problems).items():
        if not isinstance(written, dict):
            problems.add(f"{file.name}: {name}", "is no mapping")
            continue
        try:
            found[name] = read(str(name), written)
        except NotationError as error:
            problems.add(f"{file.name}: {name}", error)
    return found


def guarded(where: str, read: Callable[[], _Read], otherwise: _Read, problems: Problems) -> _Read:
    """Return what is read there, or something else when it can't be."""
    try:
        return read()
    except NotationError as error:
        problems.add(where, error)
        return otherwise
