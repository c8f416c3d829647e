"""A name in several Unicode forms is one name: in words, fields, queries, lists and counts."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import duckdb
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.archive.duck import connect
from anthropic_audit.archive.rows import Events, event_rows
from anthropic_audit.catalogue import load
from anthropic_audit.query import (
    SearchRequest,
    document_fields,
    first_seen,
    known_fields,
    parse_condition,
    parse_kql,
    run,
    top_values,
    top_values_of,
    totals,
)
from anthropic_audit.query.folding import canonical, canonical_sql, folded, folded_sql
from anthropic_audit.times import format_time
from anthropic_audit.visible import visible

Form = Literal["NFC", "NFD"]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ("Zoé Müller", "김철수", "ệ of two accents", "Ωmega", "ガ company")
SPOOFED = "gpj.\u202eexe"
FORMS: Final[tuple[Form, ...]] = ("NFC", "NFD")


def document(number: int, name: str) -> dict[str, object]:
    return {
        "@timestamp": format_time(NOW - timedelta(minutes=number)),
        "user": {"name": name, "email": f"{name}@acme.example"},
        "related": {"user": [f"other{number}", name]},
        "anthropic": {"audit": {"metadata": {"title": f"by {name}!", "list": [{"of": name}]}}},
    }


@pytest.fixture(scope="module")
def events() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return each name in composed and in decomposed form."""
    names = [unicodedata.normalize(form, name) for name in NAMES for form in FORMS]
    documents = [document(number, name) for number, name in enumerate([*names, SPOOFED, "jose\u0301", "jos\u00e9"])]
    times = pa.array(
        [NOW - timedelta(minutes=number) for number in range(len(documents))], pa.timestamp("us", tz="UTC")
    )
    seqs = list(range(len(documents)))
    activities = {
        "seq": seqs,
        "feed": ["acme"] * len(seqs),
        "id": list(map(str, seqs)),
        "created_at": times,
        "received_at": times,
    }
    rows = event_rows(Events(pa.table(activities), list(map(orjson.dumps, documents)), [True] * len(seqs), "1"))
    with connect() as connection:
        connection.register("rows_of_events", rows)
        connection.execute("CREATE TABLE events AS SELECT * FROM rows_of_events")
        yield connection


def found(events: duckdb.DuckDBPyConnection, question: SearchRequest) -> set[int]:
    return {hit.seq for hit in run(events, question, NOW)}


def kql(text: str) -> SearchRequest:
    return SearchRequest(query=parse_kql(text, known_fields(document_fields(load())), NOW))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_name_in_either_form_finds_both(events: duckdb.DuckDBPyConnection, number: int, form: Form) -> None:
    name = unicodedata.normalize(form, NAMES[number])
    both = {2 * number, 2 * number + 1}
    questions = [
        SearchRequest(words=(name,)),
        SearchRequest(words=(name.upper(),)),
        *(
            SearchRequest(conditions=(parse_condition(one),))
            for one in (
                f"user.name={name}",
                f"user.email={name[:2]}*@acme.example",
                f"user.email={name}*",
                f"related.user={name}",
                f"anthropic.audit.metadata.title=*{name}*",
                f"anthropic.audit.metadata.title=by {name}!",
                f"anthropic.audit.metadata.list.of={name}",
            )
        ),
        kql(f'user.name : "{name}"'),
        kql(f'user.name : ("{name}" or nobody)'),
        kql(f'related.user : ("{name}" or nobody)'),
        kql(f'"{name}"'),
        kql(f'user.name >= "{name}" and user.name <= "{name}"'),
    ]

    for question in questions[:3] + questions[4:]:
        assert found(events, question) == both, question
    everything = found(events, SearchRequest())
    assert found(events, SearchRequest(conditions=(parse_condition(f"user.name!={name}"),))) == everything - both


@pytest.mark.parametrize("asked", ["user.name=jose", "user.name=jose*", "user.name=*jose", "related.user=jose*"])
def test_part_of_a_character_is_no_name(events: duckdb.DuckDBPyConnection, asked: str) -> None:
    assert found(events, SearchRequest(conditions=(parse_condition(asked),))) == set()
    assert found(events, SearchRequest(words=("jose",))) == set()


def test_two_forms_are_one_row_in_counts(events: duckdb.DuckDBPyConnection) -> None:
    for field in ("user.name", "related.user", "anthropic.audit.metadata.list.of"):
        values = dict(top_values(events, SearchRequest(), NOW, field=field, limit=100).values)
        assert {canonical(name): values.get(canonical(name)) for name in NAMES} == dict.fromkeys(
            map(canonical, NAMES), 2
        )
    several = top_values_of(events, SearchRequest(), NOW, fields=["user.name", "user.email"], limit=100)
    assert (several["user.name"].distinct, several["user.email"].distinct) == (len(NAMES) + 2, len(NAMES) + 2)
    assert totals(events, SearchRequest(), NOW).people == len(NAMES) + 2
    first = first_seen(events, SearchRequest(), NOW, field="user.name", candidates=[canonical(NAMES[0])], limit=5)
    assert [(one.value, one.events) for one in first] == [(canonical(NAMES[0]), 2)]


def test_what_a_page_shows_of_a_hidden_character_is_found(events: duckdb.DuckDBPyConnection) -> None:
    shown = visible(SPOOFED)
    spoofed = {2 * len(NAMES)}

    assert found(events, SearchRequest(words=(shown,))) == spoofed
    assert found(events, kql(f'user.name : "{shown}"')) == spoofed
    assert found(events, kql(f'user.name : ("{shown}" or nobody)')) == spoofed
    assert found(events, kql(f'related.user : "{shown}"')) == spoofed
    assert found(events, kql(f'user.email : "{shown}*"')) == spoofed


def test_python_and_sql_fold_every_character_alike() -> None:
    characters = [chr(number) for number in range(1, sys.maxunicode + 1) if not 0xD800 <= number <= 0xDFFF]
    with connect() as connection:
        connection.register("characters", pa.table({"character": characters}))
        sql = f"SELECT character, {canonical_sql('character')}, {folded_sql('character')} FROM characters"  # noqa: S608 - our own text
        rows = connection.execute(sql).fetchall()

    assert [row for row in rows if row[1:] != (canonical(row[0]), folded(row[0]))] == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_python_and_sql_fold_every_text_alike(text: str) -> None:
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT {canonical_sql('$t')}, {folded_sql('$t')}", {"t": text}).fetchone()

    assert row == (canonical(text), folded(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"),
        ("İstanbul", "istanbul"),
        ("STRAẞE", "straße"),
        ("É", "e\u0301"),
    ],
)
def test_words_without_case_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("\uff21\uff22", "ab"), ("\ufb01le", "file"), ("straße", "strasse"), ("é", "e")]
)
def test_what_an_investigator_tells_apart_stays_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)
