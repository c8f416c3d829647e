"""Completions of a query: fields, values and operators."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import duckdb

from anthropic_audit.query import AllOf, Condition, Operator, top_values
from anthropic_audit.query.fields import COLUMNS
from anthropic_audit.query.kql import quoted

from .context import ConsoleContext, PageRequest
from .truncation import is_linkable

_MAX_SUGGESTIONS: Final = 12
_VALUE: Final = re.compile(r'(?<![\w@.-])([A-Za-z_@][\w@.-]*)\s*:\s*(?:\([^()]*?)?("(?:\\.|[^"\\])*|[^\s():<>"{}]*)$')
_FIELD: Final = re.compile(r"(?:^|[\s(])([A-Za-z_@][\w@.-]*)?$")
_AFTER_A_VALUE: Final = re.compile(r'(?:"|[^\s():<>"])\s+\w*$')
_OPERATORS: Final = ("and", "or")


def complete(connection: duckdb.DuckDBPyConnection, page_request: PageRequest, text: str) -> dict[str, Any]:
    """Return completions of a query's text, and the number of characters at its end that they replace.

    Raises:
        ArchiveError: The archive can't be read.
    """
    context = page_request.viewer.context
    in_value = _VALUE.search(text)
    if in_value is not None and in_value.group(1) in context.known:
        field, typed = in_value.group(1), in_value.group(2)
        found = _values(connection, page_request, field, typed.removeprefix('"'))
        options = [
            {"text": quoted(value), "about": f"{events:,} events"} for value, events in found if is_linkable(value)
        ]
        return {"replaces": len(typed), "options": options}
    in_field = _FIELD.search(text)
    typed = (in_field.group(1) or "") if in_field else ""
    options = [_option(context, name) for name in _fields(context, typed)]
    if _AFTER_A_VALUE.search(text) and ":" in text:
        options = [{"text": f"{word} ", "about": ""} for word in _OPERATORS if word.startswith(typed)] + options
    return {"replaces": len(typed), "options": options[:_MAX_SUGGESTIONS]}


def _option(context: ConsoleContext, name: str) -> dict[str, str]:
    known = context.catalogue.ecs_fields.get(name) or context.catalogue.exported_fields().get(name)
    return {"text": f"{name} : ", "about": known.description if known else ""}


def _fields(context: ConsoleContext, typed: str) -> list[str]:
    """Return fields that contain a text: those that begin with it first, and among these those with a column first."""
    low = typed.lower()
    found = [name for name in context.known if low in name.lower()]
    return sorted(found, key=lambda name: (not name.lower().startswith(low), name not in COLUMNS, name))[
        :_MAX_SUGGESTIONS
    ]


def _values(
    connection: duckdb.DuckDBPyConnection, page_request: PageRequest, field: str, typed: str
) -> list[tuple[str, int]]:
    if field not in COLUMNS or page_request.viewer.masking.hides(field):
        return []
    like = (
        Condition(field, Operator.EQUAL, f"*{typed}*")
        if typed and "*" not in typed
        else Condition(field, Operator.EQUAL, "*")
    )
    search_request = replace(page_request.search_request, query=AllOf((page_request.search_request.query, like)))
    return list(top_values(connection, search_request, page_request.now, field=field, limit=_MAX_SUGGESTIONS).values)
