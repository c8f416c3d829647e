r"""Parse the Kibana Query Language: `event.action : "sso_*" and not user.email : *@acme.example`.

The language is that of Kibana's help on KQL, without nested queries in braces: a comparison reaches into lists of
objects by itself, and `*` is a wildcard inside of quotes as well (`\*` is the character). Keywords are compared with
their case, as Kibana does with keyword fields; words without a field are searched in all values, in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.times import parse_time

from .ast import EVERYTHING, AllOf, AnyOf, Not, Query, Word
from .conditions import MAX_QUOTED_CHARS, Condition, Operator, check_encodable, checked_name, read_number
from .fields import COLUMNS, Column, FieldKind, check_fields

MAX_QUERY_CHARS: Final = 10_000
"""Longest query, in characters."""

MAX_QUERY_DEPTH: Final = 50
"""Maximum nesting of parentheses, and maximum number of consecutive negations, in a query."""

_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
_EXPECTED = {
    "WORD": "a field or a value",
    "QUOTED": "a value in quotes",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COLON": "`:`",
    "ORDER": "`<`, `<=`, `>` or `>=`",
    "_AND": "`and`",
    "_OR": "`or`",
}
_QUOTING = 'put a value with one of \\ ( ) : < > " { } in quotes: source.ip : "2001:db8::1"'
_SAMPLE = 'write field : value, such as event.action : "sso_*" and not user.email : *@acme.example'


@dataclass(frozen=True, slots=True)
class _QuotedText:
    """A text of a query, and the column where it begins."""

    text: str
    column: int
    is_literal: bool
    """True if `*` in the text is an ordinary character."""


def parse_kql(text: str, known: Collection[str], now: datetime) -> Query:
    """Parse a query; an empty text matches everything.

    Args:
        text: The query.
        known: The names of all searchable fields.
        now: The time that relative times such as `@timestamp > now-1h` are based on.

    Raises:
        QueryError: The query has a syntax error, names an unknown field, or compares a field with a value of another
            type.
    """
    if len(text) > MAX_QUERY_CHARS:
        message = f"the query is longer than {MAX_QUERY_CHARS:,} characters"
        raise QueryError(message, hint="shorten the query, or split it into several", column=MAX_QUERY_CHARS)
    _check_encoding(text)
    _check_depth(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _misread(error, text) from error
    trees = _trees(tree)
    return _KqlTransformer(known, now).query(trees[0]) if trees else EVERYTHING


def quoted(value: str) -> str:
    """Return a value in quotes and escaped, so that a query matches exactly this value."""
    escaped = re.sub(r'([\\"*])', r"\\\1", value)
    return f'"{escaped}"'


def equality(field: str, value: str, *, negated: bool = False) -> str:
    """Return a query for events whose field has a value, or for all others."""
    return f"{'not ' if negated else ''}{field} : {quoted(value)}"


@dataclass(frozen=True, slots=True)
class _KqlTransformer:
    """Transforms a parse tree to a query."""

    known: Collection[str]
    now: datetime

    def query(self, tree: Tree[Token]) -> Query:
        match tree.data:
            case "any_of":
                return AnyOf(tuple(map(self.query, _trees(tree))))
            case "all_of":
                return AllOf(tuple(map(self.query, _trees(tree))))
            case "negation":
                return Not(self.query(_trees(tree)[0]))
            case "words":
                return self._words(_text(_trees(tree)[0]))
            case "comparison":
                return self._comparison(tree)
        field, values = _trees(tree)
        named = _text(field)
        return self._values(values, lambda value: self._match(named, value))

    def _values(self, tree: Tree[Token], match: Callable[[_QuotedText], Query]) -> Query:
        """Compare one field with several values, combined as in the tree."""
        match tree.data:
            case "any_value":
                return AnyOf(tuple(self._values(one, match) for one in _trees(tree)))
            case "all_values":
                return AllOf(tuple(self._values(one, match) for one in _trees(tree)))
            case "negation":
                return Not(self._values(_trees(tree)[0], match))
        return match(_text(_trees(tree)[0]))

    def _words(self, text: _QuotedText) -> Query:
        if text.text.strip("*") == "" and not text.is_literal:
            return EVERYTHING
        return Word(text.text if text.is_literal else text.text.strip("*"), text.is_literal)

    def _match(self, field: _QuotedText, value: _QuotedText) -> Query:
        if "*" in field.text:
            return self._any_field(field, value)
        return self._checked(field, Condition(field.text, Operator.EQUAL, value.text, value.is_literal), value)

    def _any_field(self, field: _QuotedText, value: _QuotedText) -> Query:
        """Compare each field that a pattern names; fields that can't have the value are left out."""
        if field.text == "*":
            return self._words(value)
        names = sorted(name for name in self.known if _fits(name, field.text))
        if not names:
            message = f"no such field: `{field.text}`"
            raise QueryError(message, hint=_SAMPLE, column=field.column)
        parts: list[Query] = []
        for name in names:
            condition = Condition(name, Operator.EQUAL, value.text, value.is_literal)
            if _misfit(condition, self.now) is None:
                parts.append(condition)
        return AnyOf(tuple(parts))

    def _comparison(self, tree: Tree[Token]) -> Query:
        field, order, value = tree.children
        if not isinstance(field, Tree) or not isinstance(value, Tree):
            raise TypeError
        limit = _text(value)
        return self._checked(_text(field), Condition(_text(field).text, Operator(str(order)), limit.text), limit)

    def _checked(self, field: _QuotedText, condition: Condition, value: _QuotedText) -> Condition:
        try:
            check_fields([checked_name(condition.field)], self.known)
        except SetupError as error:
            raise QueryError(str(error), hint=error.hint, column=field.column) from error
        misfit = _misfit(condition, self.now)
        if misfit is not None:
            raise QueryError(str(misfit), hint=misfit.hint, column=value.column) from misfit
        return condition


def _fits(name: str, pattern: str) -> bool:
    """Return whether a name matches a pattern with `*` as wildcard; a regex may take very long with many of them."""
    start, *inner, end = pattern.split("*")
    if not name.startswith(start):
        return False
    position = len(start)
    for piece in inner:
        position = name.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return len(name) - len(end) >= position and name.endswith(end)


def _misfit(condition: Condition, now: datetime) -> SetupError | None:
    """Return the error if a field can't have the value, else None."""
    column = COLUMNS.get(condition.field, Column("", FieldKind.TEXT))
    try:
        if condition.network is not None or condition.pattern is not None or condition.asks_for_presence:
            return None
        if column.kind is FieldKind.TIME:
            parse_time(condition.value, now)
        elif column.kind is FieldKind.NUMBER:
            read_number(condition.value)
    except SetupError as error:
        return error
    except ValueError:
        message = f"`{condition.field}` is a number, not: `{condition.value[:MAX_QUOTED_CHARS]}`"
        return SetupError(message, hint=f"write a number, such as {condition.field} >= 400")
    return None


def _text(tree: Tree[Token]) -> _QuotedText:
    tokens = [token for token in tree.children if isinstance(token, Token)]
    column = tokens[0].column or 1
    raw = tokens[0][1:-1] if tokens[0].type == "QUOTED" else " ".join(tokens)
    has_character, has_wildcard = r"\*" in raw, "*" in _ESCAPED.sub("", raw)
    if has_character and has_wildcard:
        message = r"a value can't have both `*` as a wildcard and `\*` as a character"
        raise QueryError(message, hint="write two comparisons", column=column)
    return _QuotedText(_unescaped(raw), column, is_literal=has_character)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text)


def _character(escaped: re.Match[str]) -> str:
    code = escaped.group(1)
    if len(code) > 1:
        char = chr(int(code[1:], 16))
        return char if char.isprintable() or char.isspace() else "�"
    return _ESCAPES.get(code, code)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _check_encoding(text: str) -> None:
    try:
        check_encodable(text)
    except SetupError as error:
        cause = error.__cause__
        column = cause.start + 1 if isinstance(cause, UnicodeEncodeError) else 1
        raise QueryError(str(error), hint=error.hint, column=column) from error


def _check_depth(text: str) -> None:
    """Raise if a query is nested too deeply, before the parser recurses."""
    depth = 0
    for position, char in enumerate(re.sub(r'"(?:\\.|[^"\\])*+"?', lambda found: " " * len(found.group()), text)):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth > MAX_QUERY_DEPTH:
            message = f"parentheses are nested more than {MAX_QUERY_DEPTH} levels deep"
            raise QueryError(message, column=position + 1)
    negation = re.search(rf"(?i)(?:\bnot\s+){{{MAX_QUERY_DEPTH}}}", text)
    if negation:
        message = f"more than {MAX_QUERY_DEPTH} consecutive negations"
        raise QueryError(message, column=negation.start() + 1)


def _misread(error: UnexpectedInput, text: str) -> QueryError:
    """Return the error that says what was expected, and where."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        column = len(text.rstrip()) + 1
        return QueryError(f"the query ends where {_wanted(error.expected)} is expected", hint=_SAMPLE, column=column)
    position: int = getattr(error, "pos_in_stream", None) or 0  # the base class's type has no position
    char = text[position]
    if char == '"' and isinstance(error, UnexpectedCharacters):
        return QueryError("a closing quote is missing", hint='write \\" for quotes inside', column=position + 1)
    found = str(error.token) if isinstance(error, UnexpectedToken) else char
    hint = _QUOTING if char in '\\(){}<>:"' else _SAMPLE
    expected = error.accepts if isinstance(error, UnexpectedToken) else getattr(error, "allowed", ())
    message = f"unexpected `{found}`: expected {_wanted(expected or ())}"
    return QueryError(message, hint=hint, column=position + 1)


def _wanted(expected: Collection[str]) -> str:
    words = [description for name, description in _EXPECTED.items() if name in expected]
    return " or ".join(words) or "the end"


@cache
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath("kql.lark").read_text()
    return Lark(grammar, parser="lalr", propagate_positions=False)
