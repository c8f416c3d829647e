"""How a query may go on: fields, values, and the words in between."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import duckdb

from anthropic_audit.search import AllOf, Condition, Operator, top_values
from anthropic_audit.search.fields import COLUMNS
from anthropic_audit.search.kql import quoted

from .context import ConsoleContext, PageRequest
from .truncation import is_linkable

_MAX_SUGGESTIONS: Final = 12
_VALUE: Final = re.compile(r'(?<![\w@.-])([A-Za-z_@][\w@.-]*)\s*:\s*(?:\([^()]*?)?("(?:\\.|[^"\\])*|[^\s():<>"{}]*)$')
_FIELD: Final = re.compile(r"(?:^|[\s(])([A-Za-z_@][\w@.-]*)?$")
_AFTER_A_VALUE: Final = re.compile(r'(?:"|[^\s():<>"])\s+\w*$')
_JOINING: Final = ("and", "or")


def complete(connection: duckdb.DuckDBPyConnection, wish: PageRequest, text: str) -> dict[str, Any]:
    """Return what may follow a text, and how many signs at its end that replaces.

    Raises:
        ArchiveError: The archive can't be read.
    """
    place = wish.viewer.place
    in_value = _VALUE.search(text)
    if in_value is not None and in_value.group(1) in place.known:
        field, begun = in_value.group(1), in_value.group(2)
        found = _values(connection, wish, field, begun.removeprefix('"'))
        options = [
            {"text": quoted(value), "about": f"{events:,} events"} for value, events in found if is_linkable(value)
        ]
        return {"replaces": len(begun), "options": options}
    in_field = _FIELD.search(text)
    begun = (in_field.group(1) or "") if in_field else ""
    options = [_option(place, name) for name in _fields(place, begun)]
    if _AFTER_A_VALUE.search(text) and ":" in text:
        options = [{"text": f"{word} ", "about": ""} for word in _JOINING if word.startswith(begun)] + options
    return {"replaces": len(begun), "options": options[:_MAX_SUGGESTIONS]}


def _option(place: ConsoleContext, name: str) -> dict[str, str]:
    known = place.catalogue.ecs_fields.get(name) or place.catalogue.exported_fields().get(name)
    return {"text": f"{name} : ", "about": known.description if known else ""}


def _fields(place: ConsoleContext, begun: str) -> list[str]:
    """Return the fields that are meant: those with a column first, those that begin so before those that contain it."""
    low = begun.lower()
    found = [name for name in place.known if low in name.lower()]
    return sorted(found, key=lambda name: (not name.lower().startswith(low), name not in COLUMNS, name))[
        :_MAX_SUGGESTIONS
    ]


def _values(connection: duckdb.DuckDBPyConnection, wish: PageRequest, field: str, begun: str) -> list[tuple[str, int]]:
    if field not in COLUMNS or wish.viewer.lens.hides(field):
        return []
    like = (
        Condition(field, Operator.EQUAL, f"*{begun}*")
        if begun and "*" not in begun
        else Condition(field, Operator.EQUAL, "*")
    )
    question = replace(wish.question, query=AllOf((wish.question.query, like)))
    return list(top_values(connection, question, wish.now, field=field, limit=_MAX_SUGGESTIONS).values)
