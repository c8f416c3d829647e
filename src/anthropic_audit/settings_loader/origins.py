"""The origin of each setting's value, down to the line of the settings file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

Step = str | int
Place = tuple[Step, ...]
"""A path in the settings tree: `("feeds", 0, "interval")`."""

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_QUOTES = re.compile(r"\"\"\"|'''")


class SettingSource(StrEnum):
    """The layers of settings, weakest first."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Origin:
    """The layer that set a value, and the location in that layer: `file anthropic-audit.toml:4`."""

    source: SettingSource
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.where}".strip()


DEFAULT = Origin(SettingSource.DEFAULT)


def write_place(place: Place) -> str:
    """Format a path in the settings tree: `feeds[0].interval`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def leaves(tree: Mapping[str, object]) -> Iterator[tuple[Place, object]]:
    """Yield every value of a raw settings tree with its path; of lists, only those of tables are descended into."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from (((name, *place), leaf) for place, leaf in leaves(value))
        elif isinstance(value, list) and value and all(isinstance(member, Mapping) for member in value):
            for index, member in enumerate(value):
                yield from (((name, index, *place), leaf) for place, leaf in leaves(member))
        else:
            yield (name,), value


def key_lines(toml_text: str) -> dict[Place, int]:
    """Return the line number of each key of a TOML text, as far as it can be found; never raises.

    The standard library's parser keeps no positions. Keys inside inline tables have the line of their outer key.
    """
    lines: dict[Place, int] = {}
    tables: dict[str, int] = {}
    prefix: Place = ()
    inside_text = False
    for number, line in enumerate(toml_text.splitlines(), start=1):
        starts_inside, inside_text = inside_text, inside_text ^ (len(_QUOTES.findall(line)) % 2 == 1)
        if starts_inside:
            continue
        if table := _TABLE.match(line):
            prefix = _steps(table.group(2))
            if table.group(1) == "[[":
                index = tables[table.group(2)] = tables.get(table.group(2), -1) + 1
                prefix = (*prefix, index)
            lines.setdefault(prefix, number)
        elif key := _ASSIGNMENT.match(line):
            lines.setdefault((*prefix, *_steps(key.group(1))), number)
    return lines


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Return the line of a path, else of the nearest table or key that contains it, else None."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return None


def _steps(dotted: str) -> Place:
    return tuple(step.strip().strip("\"'") for step in dotted.split("."))
