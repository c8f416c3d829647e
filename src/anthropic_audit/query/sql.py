"""A search request, and its compilation to an SQL condition; texts go into parameters only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from anthropic_audit.errors import SetupError
from anthropic_audit.times import EPOCH, parse_time
from anthropic_audit.visible import as_received

from .ast import EVERYTHING, AllOf, AnyOf, Not, Query, Word
from .conditions import MAX_QUOTED_CHARS, Condition, Operator, check_encodable, like, read_number
from .fields import COLUMNS, Column, FieldKind
from .folding import NUL_SHOWN, canonical, canonical_sql, folded, folded_sql

_WHOLE_DOCUMENT = 'json_merge_patch(document, \'{"event": {"original": null}}\')'
_VALUES = f"json_extract({_WHOLE_DOCUMENT}, '$..*')"
"""All values below the top level, without the text as received, which would match the names of fields."""

LARGE_DOCUMENT_BYTES: Final = 256 * 1024
"""In larger documents, a word is searched in the whole text, including field names and the activity as received.

Parsing JSON needs some ten times its size in memory.
"""

_AMBIGUOUS_IN_JSON = re.compile(rf'["\\/\x00-\x1f\x7f;`{NUL_SHOWN}]')
"""The characters that JSON escapes, or may escape, and two that have another canonical form."""

_MAX_INLINE_VALUES = 16
"""Up to this number, texts are compared one by one; more are joined, after all other conditions."""

_MIN_LIST_STEP = 2
"""Lists of objects occur only below `anthropic.audit`: from this step of a path on, any step may be a list."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition in SQL, with its parameters in order."""

    sql: str
    parameters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The events to search for; they match all that is given."""

    since: datetime | None = None
    until: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()
    """Texts that occur, in any case, in one of a document's values."""
    query: Query = EVERYTHING
    limit: int | None = None
    oldest_first: bool = False
    addresses: dict[Condition, tuple[str, ...]] = field(default_factory=dict)
    """The addresses in the network of each condition; `compiled` looks them up."""


def where(request: SearchRequest, now: datetime = EPOCH) -> Clause:
    """Compile a search request to an SQL condition on `events`.

    Args:
        request: The request.
        now: The time that relative times such as `@timestamp>24h` are based on.

    Raises:
        SetupError: A value does not fit its field: not a number for a number field, not a time for a time field.
    """
    clauses = [
        *_span(request.since, request.until),
        *(_condition(one, request.addresses.get(one), now) for one in request.conditions),
        *(_word(Word(word)) for word in request.words),
        *([] if request.query == EVERYTHING else [_fitting(request.query, request.addresses, now)]),
    ]
    return _all(clauses)


def _fitting(query: Query, addresses: Mapping[Condition, Collection[str]], now: datetime) -> Clause:
    match query:
        case Condition():
            return _condition(query, addresses.get(query), now)
        case Word():
            return _word(query)
        case AllOf(parts):
            return _all([_fitting(part, addresses, now) for part in parts])
        case AnyOf(parts):
            several, others = _alternatives(parts)
            return _joined([*several, *(_fitting(part, addresses, now) for part in others)], "OR")
        case Not(part):
            return _not(_fitting(part, addresses, now))


def elements(name: str) -> Clause:
    """Return an SQL list of a field's values as texts, for fields with one value and with several."""
    column = COLUMNS.get(name)
    if column is None:
        return _elements_of_path(name)
    if column.kind is FieldKind.TEXTS:
        return Clause(column.name)
    return Clause(f"[CAST({column.name} AS VARCHAR)]")


def _alternatives(parts: Sequence[Query]) -> tuple[list[Clause], list[Query]]:
    """Return conditions for one of several texts of a column, as one test for each column, and all other parts."""
    texts: dict[str, list[str]] = {}
    others: list[Query] = []
    for part in parts:
        if isinstance(part, Condition) and _is_plain(part):
            texts.setdefault(part.field, []).append(part.value)
        else:
            others.append(part)
    return [_any_of(COLUMNS[field], values) for field, values in texts.items()], others


def _is_plain(condition: Condition) -> bool:
    """Return whether a condition only compares a text column with a plain text."""
    column = COLUMNS.get(condition.field)
    is_text = column is not None and column.kind in {FieldKind.TEXT, FieldKind.TEXTS}
    is_special = condition.asks_for_presence or condition.pattern is not None or condition.network is not None
    is_special = is_special or as_received(condition.value) != condition.value
    return is_text and condition.operator is Operator.EQUAL and not is_special


def _any_of(column: Column, values: list[str]) -> Clause:
    is_ascii = all(value.isascii() for value in values)
    wanted = list(map(canonical, values))
    if column.kind is FieldKind.TEXTS:
        found = column.name if is_ascii else f"list_transform({column.name}, lambda value: {canonical_sql('value')})"
        return Clause(f"list_has_any({found}, CAST(? AS VARCHAR[]))", (wanted,))
    name = column.name if is_ascii else canonical_sql(column.name)
    if len(wanted) > _MAX_INLINE_VALUES:
        return Clause(f"{name} IN (SELECT unnest(CAST(? AS VARCHAR[])))", (wanted,))
    return Clause(f"{name} IN ({', '.join('?' for _ in wanted)})", tuple(wanted))


def _not(clause: Clause) -> Clause:
    return Clause(f"NOT coalesce({clause.sql}, false)", clause.parameters)


def _all(clauses: Sequence[Clause]) -> Clause:
    return _joined(clauses, "AND")


def _joined(clauses: Sequence[Clause], by: str) -> Clause:
    """Join conditions by AND or OR; without conditions, AND is true and OR is false."""
    if not clauses:
        return Clause("true" if by == "AND" else "false")
    sql = f" {by} ".join(f"({clause.sql})" for clause in clauses)
    return Clause(sql, tuple(parameter for clause in clauses for parameter in clause.parameters))


def _span(since: datetime | None, until: datetime | None) -> list[Clause]:
    clauses = []
    if since is not None:
        clauses.append(Clause("timestamp >= ? AND day >= CAST(? AS DATE)", (since, since.date())))
    if until is not None:
        clauses.append(Clause("timestamp < ? AND day <= CAST(? AS DATE)", (until, until.date())))
    return clauses


def _word(word: Word) -> Clause:
    """Return the test for a word; the notation of pages, `⟨U+202E⟩`, also matches that character."""
    check_encodable(word.text)
    meant = as_received(word.text)
    if meant != word.text:
        return _joined([_one_word(word), _one_word(replace(word, text=meant))], "OR")
    return _one_word(word)


def _one_word(word: Word) -> Clause:
    form = folded_sql if not word.text.isascii() else _lower_sql
    value, wanted = form("value ->> '$'"), folded(word.text)
    test = f"contains({value}, ?)"
    pieces, wanted_pieces = [word.text], [wanted]
    if not word.is_literal and "*" in word.text:
        pieces, wanted_pieces = word.text.split("*"), wanted.split("*")
        test, wanted = f"{value} LIKE ? ESCAPE '\\'", f"%{like(wanted)}%"
    found = f"len(list_filter({_VALUES}, lambda value: json_type(value) NOT IN ('OBJECT', 'ARRAY') AND {test})) > 0"
    in_text = _in_text(wanted_pieces, form("document"))
    either = Clause(
        f"CASE WHEN strlen(document) > {LARGE_DOCUMENT_BYTES} THEN {in_text.sql} ELSE {found} END",
        (*in_text.parameters, wanted),
    )
    return _all([*_mentioned(max(pieces, key=len), "lower({})", folded_sql("{}")), either])


def _in_text(pieces: Sequence[str], text: str) -> Clause:
    """Return a test that all pieces occur in a document's text, apart from characters that JSON may escape."""
    written = {part for piece in pieces for part in _AMBIGUOUS_IN_JSON.split(piece)} - {""}
    return _all([Clause(f"contains({text}, ?)", (part,)) for part in sorted(written)])


def _lower_sql(text: str) -> str:
    """Return the counterpart of `folded_sql` for an ASCII word."""
    return f"lower({canonical_sql(text)})"


def _mentioned(text: str, form: str, form_beyond_ascii: str) -> list[Clause]:
    r"""Return a cheap test that every matching document passes, without parsing JSON.

    JSON writes most characters as they are: the longest part between the others has to be in the document. A document
    with a character written as its number (`\u00e9`) passes for a part that is not ASCII.
    """
    piece = max(_AMBIGUOUS_IN_JSON.split(text), key=len)
    if not piece:
        return []
    form = form if piece.isascii() else form_beyond_ascii
    document, wanted = form.format("document"), form.format("CAST(? AS VARCHAR)")
    sql = f"contains({document}, {wanted})"
    if not piece.isascii():
        sql += " OR contains(document, '\\u')"
    return [Clause(sql, (piece,))]


def _likely(condition: Condition) -> list[Clause]:
    """Return cheap tests that a matching document passes: it has the value, if that is known, and the field name."""
    whole = [condition.value] if condition.operator is Operator.EQUAL else [""]
    pieces = whole if condition.pattern is None else condition.value.split("*")
    name = condition.field.rpartition(".")[2]
    mentioned = _mentioned(max(pieces, key=len), "{}", canonical_sql("{}"))
    return [*mentioned, Clause("contains(document, ?)", (f'"{name}"',))]


def _condition(condition: Condition, addresses: Collection[str] | None, now: datetime) -> Clause:
    if condition.operator is not Operator.UNEQUAL:
        return _either(condition, addresses, now)
    return _not(_either(replace(condition, operator=Operator.EQUAL), addresses, now))


def _either(condition: Condition, addresses: Collection[str] | None, now: datetime) -> Clause:
    """Return the test for a value; the notation of pages, `⟨U+202E⟩`, also matches that character."""
    meant = as_received(condition.value)
    if meant == condition.value:
        return _positive(condition, addresses, now)
    other = _positive(replace(condition, value=meant), addresses, now)
    return _joined([_positive(condition, addresses, now), other], "OR")


def _positive(condition: Condition, addresses: Collection[str] | None, now: datetime) -> Clause:
    if addresses is not None:
        found = elements(condition.field)
        return Clause(f"list_has_any({found.sql}, CAST(? AS VARCHAR[]))", (*found.parameters, list(addresses)))
    column = COLUMNS.get(condition.field)
    if column is None:
        return _all([*_likely(condition), _on_list(condition)])
    if column.kind is FieldKind.TEXTS:
        return _on_list(condition)
    if condition.asks_for_presence:
        return Clause(f"{column.name} IS NOT NULL")
    return _on_column(condition, column, now)


def _on_column(condition: Condition, column: Column, now: datetime) -> Clause:
    if condition.pattern is not None:
        return _like(f"CAST({column.name} AS VARCHAR)", condition)
    value: object = condition.value
    name = column.name
    if column.kind is FieldKind.NUMBER:
        value = _number(condition)
    elif column.kind is FieldKind.TIME:
        value = parse_time(condition.value, now)
    elif not condition.value.isascii():
        name, value = canonical_sql(name), canonical(condition.value)
    return Clause(f"{name} {condition.operator} ?", (value,))


def _like(text: str, condition: Condition) -> Clause:
    """Return the test for a pattern; an ASCII pattern is compared with the stored text first, which is fast."""
    pattern = like(canonical(condition.value))
    exact = Clause(f"{canonical_sql(text)} LIKE ? ESCAPE '\\'", (pattern,))
    if not pattern.isascii():
        return exact
    return Clause(f"{text} LIKE ? ESCAPE '\\' AND {exact.sql}", (pattern, *exact.parameters))


def _on_list(condition: Condition) -> Clause:
    found = elements(condition.field)
    if condition.asks_for_presence:
        return Clause(f"len(list_filter({found.sql}, lambda value: value IS NOT NULL)) > 0", found.parameters)
    if condition.pattern is not None:
        test = _like("value", condition)
        sql = f"len(list_filter({found.sql}, lambda value: {test.sql})) > 0"
        return Clause(sql, (*found.parameters, *test.parameters))
    if condition.operator is Operator.EQUAL:
        values, wanted = found.sql, canonical(condition.value)
        if not wanted.isascii():
            values = f"list_transform({values}, lambda value: {canonical_sql('value')})"
        return Clause(f"list_contains({values}, ?)", (*found.parameters, wanted))
    return _ordered(condition, found)


def _ordered(condition: Condition, found: Clause) -> Clause:
    """Compare as numbers if the value is one, else as texts (times in documents have the order of their texts)."""
    try:
        limit: object = read_number(condition.value)
        compared = f"try_cast(value AS DOUBLE) {condition.operator} ?"
    except ValueError:
        limit, compared = canonical(condition.value), f"{canonical_sql('value')} {condition.operator} ?"
    return Clause(f"len(list_filter({found.sql}, lambda value: {compared})) > 0", (*found.parameters, limit))


def _elements_of_path(name: str) -> Clause:
    """Return a document's values at a path, and at the same path through lists."""
    steps = [f'."{step}"' for step in name.split(".")]
    whole = "$" + "".join(steps)
    through = [
        "$" + "".join(steps[: index + 1]) + "[*]" + "".join(steps[index + 1 :])
        for index in range(min(_MIN_LIST_STEP, len(steps) - 1), len(steps))
    ]
    single = "[json_extract_string(document, ?)]"
    lists = ", ".join("json_extract_string(document, ?)" for _ in through)
    return Clause(f"list_concat({single}, {lists})", (whole, *through))


def _number(condition: Condition) -> int | float:
    try:
        return read_number(condition.value)
    except ValueError as error:
        message = f"`{condition.field}` is a number, not: `{condition.value[:MAX_QUOTED_CHARS]}`"
        raise SetupError(message, hint=f"write a number, such as {condition.field}>=400") from error
