"""Read the catalogue's YAML files as mappings, and collect every mistake."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import yaml

from anthropic_audit.errors import SetupError

from .errors import NotationError

_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Read = TypeVar("_Read")


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]  # the C loader if there is one, so known at run time only
    """A safe loader that refuses a name that occurs twice in a mapping; YAML's own loader keeps the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            names = [key.value for key, _ in node.value]
            twice = sorted({name for name in names if names.count(name) > 1})
            message = f"`{'`, `'.join(twice)}` occurs twice"
            raise yaml.MarkedYAMLError(problem=message, problem_mark=node.start_mark)
        return mapping


class Problems:
    """Mistakes in the files, collected to raise one error with all of them."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, where: str, what: object) -> None:
        """Add a mistake.

        Args:
            where: The file, and the keys if known.
            what: A clause about the mistake.
        """
        self._found.append(f"{where}: {what}")

    def raise_any(self) -> None:
        """Raise an error if there are mistakes.

        Raises:
            SetupError: There are; the message lists every mistake with its file and its key.
        """
        if self._found:
            message = "the catalogue has mistakes:\n  " + "\n  ".join(self._found)
            raise SetupError(message, hint="catalogue/notation.py and the comments in the files describe the notation")


def read_mapping(file: Traversable, problems: Problems) -> dict[str, Any]:
    """Return the mapping in a file; if the file can't be read, add a problem and return an empty mapping."""
    try:
        read = yaml.load(file.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - it is a safe loader
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(file.name, " ".join(str(error).split()))
        return {}
    if not isinstance(read, dict):
        problems.add(file.name, "must be a mapping")
        return {}
    return read


def read_each(file: Traversable, read: Callable[[str, dict[str, Any]], _Read], problems: Problems) -> dict[str, _Read]:
    """Return a file's entries by name; each is read separately, so that one mistake does not hide another."""
    found = {}
    for name, written in read_mapping(file, problems).items():
        if not isinstance(written, dict):
            problems.add(f"{file.name}: {name}", "must be a mapping")
            continue
        try:
            found[name] = read(str(name), written)
        except NotationError as error:
            problems.add(f"{file.name}: {name}", error)
    return found


def guarded(where: str, read: Callable[[], _Read], otherwise: _Read, problems: Problems) -> _Read:
    """Return the result of `read`; on a NotationError, add a problem and return `otherwise`."""
    try:
        return read()
    except NotationError as error:
        problems.add(where, error)
        return otherwise
