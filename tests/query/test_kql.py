"""The Kibana Query Language: parsed, refused at the right character, and run on an archive."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anthropic_audit.catalogue import load
from anthropic_audit.errors import QueryError
from anthropic_audit.query import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Operator,
    Query,
    SearchRequest,
    Word,
    document_fields,
    equality,
    known_fields,
    parse_kql,
    run,
)
from anthropic_audit.query.ast import conditions_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KNOWN = known_fields(document_fields(load()))
Connection = duckdb.DuckDBPyConnection
NamesOf = Callable[[int], str]
ALL = {"signed in", "failed", "key made"}


def found(archive: Connection, names_of: NamesOf, query: str) -> set[str]:
    question = SearchRequest(query=parse_kql(query, KNOWN, NOW))
    return {names_of(hit.seq) for hit in run(archive, question, NOW)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ALL, id="nothing"),
        pytest.param("*", ALL, id="anything"),
        pytest.param("event.action : sso_login_failed", {"failed"}, id="equal"),
        pytest.param('event.action:"sso_login_failed"', {"failed"}, id="in quotes, without blanks"),
        pytest.param('event.action : "sso_*"', {"signed in", "failed"}, id="wildcard in quotes"),
        pytest.param(r'event.action : "sso_\*"', set(), id="the character"),
        pytest.param('event.action : "sso_*" and not user.name : bob*', {"signed in"}, id="and not"),
        pytest.param("user.name: bob* or event.category: iam", {"failed", "key made"}, id="or"),
        pytest.param(
            "user.name: alice OR user.name: bob* AND event.category: iam", {"signed in", "key made"}, id="order"
        ),
        pytest.param("(user.name: alice or user.name: bob*) and event.category: iam", {"key made"}, id="parentheses"),
        pytest.param("event.action : (sso_login_failed or api_key_*)", {"failed", "key made"}, id="several values"),
        pytest.param("event.action : (sso_* and not *_failed)", {"signed in"}, id="negated value"),
        pytest.param("related.user : (user_a and alice*)", {"signed in"}, id="all of several values"),
        pytest.param("http.response.status_code >= 200 and http.response.status_code < 403", {"signed in"}, id="range"),
        pytest.param("http.response.status_code : 403", {"failed"}, id="number"),
        pytest.param("@timestamp > now-24h", {"key made"}, id="date math"),
        pytest.param('@timestamp < "2026-11-22T00:00:00Z"', {"signed in"}, id="time"),
        pytest.param("source.ip : 10.0.0.0/8", {"signed in"}, id="network"),
        pytest.param("not source.ip : 10.0.0.0/8", {"failed", "key made"}, id="outside of a network"),
        pytest.param('source.ip : "2001:db8::/32" or source.ip : "10.0.0.0/8"', {"failed", "signed in"}, id="networks"),
        pytest.param("user.target.email : *", {"key made"}, id="presence"),
        pytest.param("not user.target.email : *", {"signed in", "failed"}, id="absence"),
        pytest.param("ALICE", {"signed in", "key made"}, id="word"),
        pytest.param("alice and file_1", {"key made"}, id="words"),
        pytest.param("ali*e", {"signed in", "key made"}, id="wildcard in a word"),
        pytest.param("* : alice", {"signed in", "key made"}, id="any field"),
        pytest.param("user.* : alice", {"signed in", "key made"}, id="some fields"),
        pytest.param(r"user.name : b\ob*", {"failed"}, id="a backslash before a letter"),
        pytest.param("anthropic.audit.scopes : read*", {"failed", "key made"}, id="list at a path"),
        pytest.param("anthropic.audit.metadata.tries > 9", {"failed"}, id="number at a path"),
        pytest.param("not (not event.category : iam)", {"key made"}, id="twice not"),
    ],
)
def test_a_query_finds_what_fits(archive: Connection, names_of: NamesOf, query: str, expected: set[str]) -> None:
    assert found(archive, names_of, query) == expected


@pytest.mark.parametrize(
    ("query", "column", "message"),
    [
        pytest.param("event.acton : a", 1, "no such field", id="unknown field"),
        pytest.param("alice and event.acton : a", 11, "no such field", id="unknown field, further on"),
        pytest.param("use*r.x : a", 1, "no such field", id="no field of this pattern"),
        pytest.param("event.action :", 15, "ends", id="no value"),
        pytest.param("event.action : a:b", 17, "unexpected `", id="a character that needs quotes"),
        pytest.param("(event.action : a", 18, "`)`", id="not closed"),
        pytest.param("event.action : a)", 17, "unexpected `", id="closed too often"),
        pytest.param('event.action : "abc', 16, "closing quote", id="quotes not closed"),
        pytest.param("http.response.status_code : abc", 29, "is a number", id="no number"),
        pytest.param("http.response.status_code > abc", 29, "is a number", id="no number, in a range"),
        pytest.param("@timestamp > yesterday", 14, "not a time", id="not a time"),
        pytest.param("source.ip : 10.0.0.0/99", 13, "not a network", id="no network"),
        pytest.param("event.action : {a}", 16, "unexpected `", id="nested queries"),
        pytest.param("(" * 51 + "a" + ")" * 51, 51, "deep", id="too deep"),
        pytest.param("not " * 60 + "a", 1, "negations", id="too many negations"),
        pytest.param("a" * 10_001, 10_000, "longer", id="too long"),
        pytest.param(r"event.action : a\*b*", 16, "both", id="character and wildcard"),
    ],
)
def test_what_can_not_be_read_is_pointed_at(query: str, column: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_kql(query, KNOWN, NOW)

    assert (caught.value.column, message in str(caught.value)) == (column, True)


def test_sql_is_a_word_like_any_other() -> None:
    assert parse_kql("'; DROP TABLE events", KNOWN, NOW) == Word("'; DROP TABLE events", is_literal=False)


@given(st.text(alphabet=st.sampled_from('ab.*\\"(): <>{}andornot\n\x00é'), max_size=60))
@settings(max_examples=200)
def test_any_text_is_a_query_or_is_refused_at_one_of_its_characters(text: str) -> None:
    with suppress(QueryError):
        parse_kql(text, KNOWN, NOW)
        return
    with pytest.raises(QueryError) as caught:
        parse_kql(text, KNOWN, NOW)
    assert 1 <= caught.value.column <= len(text) + 1


@given(st.text(min_size=1, max_size=40))
def test_a_written_value_means_itself(value: str) -> None:
    read = parse_kql(equality("event.action", value), KNOWN, NOW)

    assert read == Condition("event.action", Operator.EQUAL, value, "*" in value)


CONDITIONS = st.sampled_from(
    [
        Condition("event.category", Operator.EQUAL, "iam"),
        Condition("event.action", Operator.EQUAL, "*_failed"),
        Condition("http.response.status_code", Operator.AT_LEAST, "300"),
        Condition("user.target.email", Operator.EQUAL, "*"),
        Condition("anthropic.audit.scopes", Operator.EQUAL, "read:*"),
        Condition("source.ip", Operator.EQUAL, "10.0.0.0/8"),
        Word("alice"),
    ]
)
QUERIES = st.recursive(
    CONDITIONS,
    lambda parts: st.one_of(
        parts.map(Not),
        st.lists(parts, max_size=3).map(lambda some: AllOf(tuple(some))),
        st.lists(parts, max_size=3).map(lambda some: AnyOf(tuple(some))),
    ),
    max_leaves=8,
)


@given(query=QUERIES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_queries_follow_the_laws_of_logic(archive: Connection, query: Query) -> None:
    def those(asked: Query) -> set[int]:
        return {hit.seq for hit in run(archive, SearchRequest(query=asked), NOW)}

    def by_hand(asked: Query) -> set[int]:
        match asked:
            case AllOf(parts):
                return set.intersection(those(EVERYTHING), *map(by_hand, parts))
            case AnyOf(parts):
                return set.union(set(), *map(by_hand, parts))
            case Not(part):
                return those(EVERYTHING) - by_hand(part)
        return those(asked)

    assert those(query) == by_hand(query)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("user.*", {"user.id", "user.name", "user.name.text"}),
        ("*.name", {"user.name", "file.name"}),
        ("us*.na*", {"user.name", "user.name.text"}),
        ("*user.name*", {"user.name", "user.name.text"}),
        ("user.name*name", set()),
        ("*e*e*", {"user.name", "file.name", "user.name.text"}),
        ("*" * 60 + "z", set()),
        ("*e" * 60, set()),
    ],
)
def test_a_pattern_of_fields_means_those_that_are_like_it(pattern: str, expected: set[str]) -> None:
    names = {"user.id", "user.name", "user.name.text", "file.name"}

    try:
        query = parse_kql(f"{pattern} : x", names, NOW)
    except QueryError:
        query = AnyOf()

    assert {one.field for one in conditions_of(query)} == expected


def test_quotes_that_are_not_closed_are_found_at_once() -> None:
    began = time.thread_time()
    with pytest.raises(QueryError, match="closing quote is missing"):
        parse_kql('"' + '\\"' * 4_990, KNOWN, NOW)

    assert time.thread_time() - began < 0.5
