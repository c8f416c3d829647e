"""Searches of an archive, end to end through SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anthropic_audit.errors import ArchiveError, SetupError
from anthropic_audit.query import SearchRequest, parse_condition, run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Connection = duckdb.DuckDBPyConnection
NamesOf = Callable[[int], str]
ALL = {"signed in", "failed", "key made"}


def found(archive: Connection, names_of: NamesOf, filters: Sequence[str] = (), words: Sequence[str] = ()) -> set[str]:
    question = SearchRequest(conditions=tuple(map(parse_condition, filters)), words=tuple(words))
    return {names_of(hit.seq) for hit in run(archive, question, NOW)}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("event.action=sso_login_failed", {"failed"}, id="equal"),
        pytest.param("event.action=SSO_LOGIN_FAILED", set(), id="values are compared in their case"),
        pytest.param("event.action!=sso_login_failed", {"signed in", "key made"}, id="unequal"),
        pytest.param("event.action=sso_*", {"signed in", "failed"}, id="wildcard at the end"),
        pytest.param("event.action=*_failed", {"failed"}, id="wildcard at the start"),
        pytest.param("event.action!=sso_*", {"key made"}, id="unequal with a wildcard"),
        pytest.param("user.name=bob_*", {"failed"}, id="an underscore is no wildcard"),
        pytest.param("user.name=b%", set(), id="a percent sign is not a wildcard"),
        pytest.param("event.category=iam", {"key made"}, id="any of a list"),
        pytest.param("event.category=auth*", {"signed in", "failed"}, id="wildcard in a list"),
        pytest.param("event.category!=iam", {"signed in", "failed"}, id="none of a list"),
        pytest.param("related.user=user_a", {"signed in"}, id="second of a list"),
        pytest.param("related.user=*", {"signed in", "failed"}, id="a list that is there"),
        pytest.param("related.user!=*", {"key made"}, id="a list that is missing"),
        pytest.param("user.target.email=*", {"key made"}, id="a text that is there"),
        pytest.param("user.target.email!=*", {"signed in", "failed"}, id="a text that is missing"),
        pytest.param("user.target.email!=nobody", ALL, id="a missing value is unequal"),
        pytest.param("http.response.status_code=403", {"failed"}, id="number"),
        pytest.param("http.response.status_code>=200", {"signed in", "failed"}, id="number at least"),
        pytest.param("http.response.status_code>200", {"failed"}, id="number greater"),
        pytest.param("http.response.status_code<403", {"signed in"}, id="number less"),
        pytest.param("http.response.status_code<=403", {"signed in", "failed"}, id="number at most"),
        pytest.param("http.response.status_code=4*", {"failed"}, id="wildcard on a number"),
        pytest.param("http.response.status_code>200.5", {"failed"}, id="fraction"),
        pytest.param("source.ip=10.0.0.0/8", {"signed in"}, id="network"),
        pytest.param("source.ip=2001:db8::/32", {"failed"}, id="network of the newer kind"),
        pytest.param("source.ip!=10.0.0.0/8", {"failed", "key made"}, id="outside of a network"),
        pytest.param("source.ip=172.16.0.0/12", set(), id="a network without events"),
        pytest.param("related.ip=10.1.0.0/16", {"signed in"}, id="network in a list"),
        pytest.param("@timestamp>24h", {"key made"}, id="time as a duration"),
        pytest.param("@timestamp<2026-11-22T00:00:00Z", {"signed in"}, id="time"),
        pytest.param("feed=acme", ALL, id="feed"),
        pytest.param("seq>=2", {"failed", "key made"}, id="seq"),
        pytest.param("event.id=activity_1", {"signed in"}, id="id"),
        pytest.param("anthropic.audit.actor.type=user_actor", {"signed in", "key made"}, id="kind of actor"),
        pytest.param("anthropic.audit.claude_file_id=file_1", {"key made"}, id="path"),
        pytest.param("anthropic.audit.claude_file_id=*", {"key made"}, id="path that is there"),
        pytest.param("anthropic.audit.claude_file_id!=file_1", {"signed in", "failed"}, id="path unequal"),
        pytest.param("anthropic.audit.scopes=write:all", {"failed"}, id="list at a path"),
        pytest.param("anthropic.audit.scopes=read:*", {"failed", "key made"}, id="wildcard in a list at a path"),
        pytest.param("anthropic.audit.metadata.tries=12", {"failed"}, id="number at a path"),
        pytest.param("anthropic.audit.metadata.tries>9", {"failed"}, id="numbers at a path compare as numbers"),
        pytest.param("anthropic.audit.metadata.tries<9", set(), id="numbers at a path compare as numbers, less"),
        pytest.param("anthropic.audit.metadata.kind>=Z", {"failed"}, id="texts at a path compare as texts"),
        pytest.param('anthropic.audit.metadata.kind=Zoë "Q" 100%', {"failed"}, id="any characters"),
        pytest.param("anthropic.audit.metadata.deep.er=v2", {"failed"}, id="members of a list of objects"),
    ],
)
def test_a_condition_finds_what_fits(
    archive: Connection, names_of: NamesOf, condition: str, expected: set[str]
) -> None:
    assert found(archive, names_of, [condition]) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["ALICE"], {"signed in", "key made"}, id="in any case"),
        pytest.param(["alice", "file_1"], {"key made"}, id="every word"),
        pytest.param(["zoë"], {"failed"}, id="beyond ASCII"),
        pytest.param(['"q"'], {"failed"}, id="quotes"),
        pytest.param(["12"], {"failed"}, id="in a number"),
        pytest.param(["status_code"], set(), id="names of fields are no values"),
        pytest.param(["claude_file_id"], set(), id="not in the text as received"),
        pytest.param(["v2"], {"failed"}, id="deep inside"),
        pytest.param(["100%"], {"failed"}, id="percent sign"),
    ],
)
def test_words_are_looked_for_in_values(
    archive: Connection, names_of: NamesOf, words: list[str], expected: set[str]
) -> None:
    assert found(archive, names_of, words=words) == expected


@pytest.mark.parametrize("word", ["zoë", "OË", '"q" 100%', "a/b", "tab\there"])
def test_words_are_found_however_json_writes_them(archive: Connection, names_of: NamesOf, word: str) -> None:
    document = json.dumps({"x": {"kind": 'Zoë "Q" 100% a/b tab\there'}}).replace("/", r"\/")
    archive.execute("UPDATE events SET document = ? WHERE seq = 2", [document])

    assert found(archive, names_of, words=[word]) == {"failed"}


def test_all_conditions_and_words_have_to_fit(archive: Connection, names_of: NamesOf) -> None:
    assert found(archive, names_of, ["user.name=alice", "source.ip=10.0.0.0/8"], ["success"]) == {"signed in"}


def test_the_newest_come_first(archive: Connection) -> None:
    assert [hit.seq for hit in run(archive, SearchRequest(), NOW)] == [3, 2, 1]


def test_the_oldest_come_first_when_asked(archive: Connection) -> None:
    assert [hit.seq for hit in run(archive, SearchRequest(oldest_first=True), NOW)] == [1, 2, 3]


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4])
def test_no_more_than_the_limit_is_found(archive: Connection, limit: int) -> None:
    assert [hit.seq for hit in run(archive, SearchRequest(limit=limit), NOW)] == [3, 2, 1][:limit]


def test_a_span_includes_its_start_and_not_its_end(archive: Connection) -> None:
    middle = NOW - timedelta(days=1, hours=1)

    assert [hit.seq for hit in run(archive, SearchRequest(since=middle), NOW)] == [3, 2]
    assert [hit.seq for hit in run(archive, SearchRequest(until=middle), NOW)] == [1]


def test_a_hit_gives_values_by_name(archive: Connection) -> None:
    hit = next(run(archive, SearchRequest(), NOW))

    assert hit.value("user.target.email") == "bob_x@acme.example"
    assert hit.value("event.category") == ["iam", "configuration"]
    assert (hit.value("feed"), hit.value("seq")) == ("acme", 3)
    assert hit.value("event.action.more") is None
    assert hit.value("nothing.there") is None


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        pytest.param("http.response.status_code>many", "is a number", id="number"),
        pytest.param("@timestamp>soon", "not a time", id="time"),
        pytest.param("source.ip=10.0.0.0/99", "not a network", id="network"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(archive: Connection, condition: str, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        list(run(archive, SearchRequest(conditions=(parse_condition(condition),)), NOW))


def test_an_archive_that_can_not_be_read_says_so() -> None:
    with duckdb.connect() as empty, pytest.raises(ArchiveError, match="can't be searched"):
        list(run(empty, SearchRequest(), NOW))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    field=st.sampled_from(["event.action", "related.user", "anthropic.audit.metadata.kind", "feed"]),
    value=st.text(max_size=20) | st.sampled_from(["*", "Zo*", "a*e", "acme"]),
)
def test_a_condition_and_its_opposite_share_the_archive(archive: Connection, field: str, value: str) -> None:
    equal = SearchRequest(conditions=(parse_condition(f"{field}={value}"),))
    unequal = SearchRequest(conditions=(parse_condition(f"{field}!={value}"),))

    both = sorted([hit.seq for question in (equal, unequal) for hit in run(archive, question, NOW)])

    assert both == [1, 2, 3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(word=st.text(min_size=1, max_size=10), operator=st.sampled_from(["=", ">", "<="]), value=st.text(max_size=20))
def test_any_text_is_looked_for_without_harm(archive: Connection, word: str, operator: str, value: str) -> None:
    condition = parse_condition(f"anthropic.audit.metadata.kind{operator}{value}")

    hits = list(run(archive, SearchRequest(words=(word,), conditions=(condition,)), NOW))

    assert len(hits) <= 3
