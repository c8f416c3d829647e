"""Aggregations, compared with counts over every document of a collected archive."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import duckdb
import orjson
import pytest
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_reader
from anthropic_audit.errors import SetupError
from anthropic_audit.query import (
    AllOf,
    AnyOf,
    Condition,
    FirstSeenIndex,
    Not,
    Operator,
    Query,
    SearchHit,
    SearchRequest,
    SortOrder,
    first_seen,
    is_everything,
    newest_since,
    over_time,
    page,
    run,
    top_values,
    top_values_of,
    totals,
)
from anthropic_audit.query.aggregations import seen
from anthropic_audit.query.paging import in_order
from anthropic_audit.times import EPOCH

Connection = duckdb.DuckDBPyConnection
FIELDS = ("event.action", "user.email", "source.ip", "event.outcome", "http.response.status_code")
FAILED = SearchRequest(query=Condition("event.outcome", Operator.EQUAL, "failure"))
RECENT = SearchRequest(since=NOW - timedelta(days=1), until=NOW)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("counting") / "archive", settings())
    house.collect(house.feed())
    return house


@pytest.fixture
def archive(house: House) -> Iterator[Connection]:
    with open_reader(str(house.folder)).connect() as connection:
        yield connection


def hits(archive: Connection, question: SearchRequest) -> list[SearchHit]:
    return list(run(archive, question, NOW))


def when(hit: SearchHit) -> datetime:
    return datetime.fromisoformat(str(hit.value("@timestamp")))


@pytest.mark.parametrize("question", [SearchRequest(), FAILED, RECENT], ids=["all", "failed", "recent"])
@pytest.mark.parametrize("field", [*FIELDS, "event.category", "related.user", "anthropic.audit.claude_file_id"])
def test_values_are_counted_as_by_hand(archive: Connection, question: SearchRequest, field: str) -> None:
    expected: Counter[str | None] = Counter()
    for hit in hits(archive, question):
        value = hit.value(field)
        values = value if isinstance(value, list) else [value]
        expected.update({None if one is None else str(one) for one in values} or {None})

    found = top_values(archive, question, NOW, field=field, limit=1000)

    without = expected.pop(None, 0)
    assert dict(found.values) == expected
    assert (found.distinct, found.without) == (len(expected), without)


def test_values_of_several_fields_are_those_of_each(archive: Connection) -> None:
    together = top_values_of(archive, FAILED, NOW, fields=FIELDS, limit=3)

    assert together == {field: top_values(archive, FAILED, NOW, field=field, limit=3) for field in FIELDS}


def test_values_of_nothing_are_none(archive: Connection) -> None:
    nothing = SearchRequest(since=NOW + timedelta(days=9), until=NOW + timedelta(days=10))

    assert top_values(archive, nothing, NOW, field="user.email", limit=3).values == []
    assert all(not one.values for one in top_values_of(archive, nothing, NOW, fields=FIELDS, limit=3).values())
    assert seen(archive, nothing, NOW) is None
    assert newest_since(archive, nothing, NOW, events=5) is None


def test_events_over_time_fall_into_the_stretch_of_their_time(archive: Connection) -> None:
    step = timedelta(hours=3)
    expected = Counter(
        (EPOCH + (when(hit) - EPOCH) // step * step, (hit.value("event.category") or [None])[0])  # type: ignore[index]
        for hit in hits(archive, SearchRequest())
    )

    found = over_time(archive, SearchRequest(), NOW, step=step, by="event.category")

    assert {(one.start, one.value): one.events for one in found} == expected


def test_totals_are_those_of_the_documents(archive: Connection) -> None:
    found = hits(archive, SearchRequest())

    counted = totals(archive, SearchRequest(), NOW)

    assert counted.events == len(found)
    assert counted.failures == sum(hit.value("event.outcome") == "failure" for hit in found)
    assert counted.critical == sum(hit.value("anthropic.audit.sensitivity") == "critical" for hit in found)
    emails = {hit.value("user.email") for hit in found} - {None}
    ids = {hit.value("user.id") for hit in found if hit.value("user.email") is None} - {None}
    assert counted.people == len(emails) + len(ids)
    assert counted.addresses == len({hit.value("source.ip") for hit in found} - {None})


def test_what_is_new_had_not_occurred_before(archive: Connection, house: House) -> None:
    since = NOW - timedelta(days=1)
    before = {hit.value("user.email") for hit in hits(archive, SearchRequest(until=since))}
    expected = {hit.value("user.email") for hit in hits(archive, SearchRequest(since=since))} - before - {None}
    firsts = FirstSeenIndex(["user.email"])
    firsts.take(archive, open_reader(str(house.folder)).event_files)

    candidates = firsts.between("user.email", since, NOW + timedelta(days=1))
    found = first_seen(archive, SearchRequest(since=since), NOW, field="user.email", candidates=candidates, limit=1000)

    assert {one.value for one in found} == set(candidates) == expected


def test_files_are_read_once_whatever_compaction_makes_of_them(archive: Connection, house: House) -> None:
    firsts, files = FirstSeenIndex(FIELDS[:2]), sorted(open_reader(str(house.folder)).event_files())
    whole = FirstSeenIndex(FIELDS[:2])
    whole.take(archive, lambda: frozenset(files))
    for number in range(1, len(files) + 1):
        firsts.take(archive, partial(frozenset, files[:number]))
    firsts.take(archive, partial(frozenset, files[:1]))

    for field in FIELDS[:2]:
        everything = (field, EPOCH, NOW + timedelta(days=1))
        assert sorted(firsts.between(*everything)) == sorted(whole.between(*everything))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("field", ["@timestamp", "user.email", "http.response.status_code", "event.reason", "seq"])
@pytest.mark.parametrize("question", [FAILED, RECENT], ids=["failed", "recent"])
def test_pages_give_each_event_once_in_order(
    archive: Connection, question: SearchRequest, field: str, descending: bool
) -> None:
    order, after, found = SortOrder(field, descending), "", list[int]()
    while True:
        some = page(archive, question, NOW, order=order, size=7 if question is FAILED else 400, after=after)
        found += [hit.seq for hit in some.hits]
        if some.next is None:
            break
        after = some.next

    assert sorted(found) == sorted(hit.seq for hit in hits(archive, question))
    assert found == [hit.seq for some in in_order(archive, question, NOW, order) for hit in some]
    if field == "@timestamp":
        expected = hits(archive, question)
        assert found == [hit.seq for hit in (expected if descending else reversed(expected))]


def test_a_page_reads_documents_whole(archive: Connection) -> None:
    (hit,) = page(archive, SearchRequest(), NOW, order=SortOrder(), size=1).hits

    assert orjson.loads(hit.document)["event"]["id"].startswith("activity_")


def token(*place: object) -> str:
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("field", ["user.email", "http.response.status_code", "@timestamp"])
@pytest.mark.parametrize(
    "after",
    [
        "x",
        "!",
        "=",
        "W10",
        "WzEsMl0",
        "bnVsbA",
        "WyJhIiwgIngiLCAxXQ",
        "W1tdLDEsMl0",
        "1",
        "-1",
        "1.2.3",
        "\u0000",
        "é",
        f"{10**18 - 1}.1",
        token(None, 10**18, 1),
        token(2**64 - 1, 1, 1),
        token("a", 1, -(2**63)),
    ],
)
def test_an_unknown_token_of_a_page_is_refused(archive: Connection, field: str, after: str) -> None:
    with pytest.raises(SetupError, match="not a position in a list of events"):
        page(archive, SearchRequest(), NOW, order=SortOrder(field), size=5, after=after)


def test_a_place_in_one_column_is_none_in_another(archive: Connection) -> None:
    by_user = page(archive, FAILED, NOW, order=SortOrder("user.email"), size=1).next

    with pytest.raises(SetupError, match="not a position in a list of events"):
        page(archive, FAILED, NOW, order=SortOrder("http.response.status_code"), size=1, after=by_user or "")


@pytest.mark.parametrize("is_negated", [False, True])
def test_many_alternatives_are_found_like_few(archive: Connection, is_negated: bool) -> None:
    everything = hits(archive, SearchRequest())
    actions = sorted({str(hit.value("event.action")) for hit in everything})[::2]
    assert len(actions) > 16
    wanted: Query = AnyOf(tuple(Condition("event.action", Operator.EQUAL, action) for action in actions))

    found = hits(archive, SearchRequest(query=Not(wanted) if is_negated else wanted))

    expected = [hit.seq for hit in everything if (str(hit.value("event.action")) in actions) != is_negated]
    assert [hit.seq for hit in found] == expected


def test_a_query_of_nothing_asks_for_everything() -> None:
    condition = Condition("event.action", Operator.EQUAL, "x")

    assert is_everything(AllOf((AllOf(), AllOf((AllOf(),)))))
    others: tuple[Query, ...] = (condition, AnyOf(), Not(AllOf()), AllOf((AllOf(), condition)))
    assert not any(is_everything(one) for one in others)
