"""Line numbers of the entries in the catalogue's files, for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Keys = tuple[str, ...]
"""A file below the catalogue's folder, followed by the keys that lead to an entry."""


class Lines:
    """The line numbers of a catalogue's entries."""

    def __init__(self, numbers: Mapping[Keys, int]) -> None:
        self._numbers = numbers

    def has(self, *keys: str) -> bool:
        """Return whether the files have an entry at these keys."""
        return keys in self._numbers

    def where(self, *keys: str) -> str:
        """Return `file:line` of the entry at these keys, or else of the nearest entry around it."""
        for end in range(len(keys), 0, -1):
            number = self._numbers.get(keys[:end])
            if number is not None:
                return f"{keys[0]}:{number}"
        return keys[0]


def read_lines(folder: Traversable) -> Lines:
    """Return the line numbers of a catalogue's entries; the files must have been read without mistakes before."""
    numbers: dict[Keys, int] = {}
    for name, file in _files(folder):
        root = yaml.compose(file.read_text("utf-8"), Loader=_Loader)
        numbers.update(_numbers((name,), root))
    return Lines(numbers)


def _files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for one in folder.iterdir():
        if one.name.endswith(".yaml"):
            yield one.name, one
    for one in (folder / "types").iterdir():
        yield f"types/{one.name}", one


def _numbers(keys: Keys, node: yaml.Node | None) -> Iterator[tuple[Keys, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        inner = (*keys, str(key.value))
        yield inner, key.start_mark.line + 1
        yield from _numbers(inner, value)
