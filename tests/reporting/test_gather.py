"""The values that a report queries from an archive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.reporting.conftest import ALICE, BOB, DAY, HOUR, NOW, Make, Report

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import Catalogue
from anthropic_audit.console.url_query import Period
from anthropic_audit.errors import QueryError
from anthropic_audit.privacy.masking import Masked
from anthropic_audit.query import FIRST_SEEN, Condition, Operator, Word, totals
from anthropic_audit.reporting.gather import ACTION, MAX_SENTENCES, USER, FirstSeenGroup
from anthropic_audit.status.record_counts import KeptRecords


def test_the_figures_are_those_of_a_search(make_archive: Make, gathered: Report) -> None:
    folder = make_archive()

    found = gathered(folder)

    with open_reader(str(folder)).connect() as connection:
        assert found.now == totals(connection, found.scope.search_request, NOW)
        assert found.before == totals(connection, found.scope.before, NOW)
    assert (found.now.events, found.before.events, found.now.critical, found.now.failures) == (4, 1, 1, 1)
    assert sum(one.events for one in found.over_time) == 4
    assert sum(one.events for one in found.failed_sign_ins) == 1
    assert found.kept == KeptRecords(activities=4, events=4, removed=0)


def test_values_stand_beside_those_before(make_archive: Make, gathered: Report) -> None:
    found = gathered(make_archive())

    actions = {one.value: (one.events, one.before) for one in found.rankings[ACTION].values}
    assert actions["claude_chat_created"] == (1, 1)
    assert actions["sso_login_failed"] == (1, 0)
    assert all(one.about for one in found.rankings[ACTION].values)


def test_what_is_new_is_new_to_the_archive(make_archive: Make, gathered: Report) -> None:
    found = gathered(make_archive())

    assert [one.value for one in found.firsts[USER].values] == [BOB["email_address"]]
    assert found.firsts["user_agent.original"] == FirstSeenGroup((), 0)
    assert found.firsts.keys() == FIRST_SEEN.keys()
    assert found.history == 7 * DAY


def test_critical_events_are_told_up_to_a_number(make_archive: Make, gathered: Report) -> None:
    many = [
        ("admin_api_key_created", ALICE, timedelta(minutes=number), {"admin_api_key_id": f"apikey_{number}"})
        for number in range(1, MAX_SENTENCES + 11)
    ]

    found = gathered(make_archive(many))

    assert found.now.critical == MAX_SENTENCES + 10
    assert len(found.critical) == MAX_SENTENCES
    assert (found.critical[0].at, found.critical[0].seq) == ("2026-11-18 11:59:00", 1)
    assert found.critical[0].sentence.startswith("alice@acme.example ")


def test_a_query_narrows_all_of_it(make_archive: Make, gathered: Report) -> None:
    found = gathered(make_archive(), query=Condition(USER, Operator.EQUAL, "bob@acme.example"))

    assert found.now.events == 2
    assert found.critical == ()
    assert found.kept.activities == 4


def test_masked_values_are_nowhere(make_archive: Make, gathered: Report, catalogue: Catalogue) -> None:
    found = gathered(make_archive(), masking=Masked(catalogue, b"k" * 32))

    told = repr(found)
    assert "masked-" in told
    for value in ("alice", "bob", ALICE["ip_address"], BOB["ip_address"]):
        assert value not in told
    assert found.archive == "archive"


@pytest.mark.parametrize("query", [Condition(USER, Operator.EQUAL, "bob@acme.example"), Word("bob")])
def test_masked_values_are_not_asked_for(
    make_archive: Make, gathered: Report, catalogue: Catalogue, query: Condition | Word
) -> None:
    with pytest.raises(QueryError):
        gathered(make_archive(), query=query, masking=Masked(catalogue, b"k" * 32))


def test_a_period_that_has_not_begun_is_asked_about_all_the_same(make_archive: Make, gathered: Report) -> None:
    found = gathered(make_archive(), period=Period(NOW + HOUR, NOW + 2 * HOUR))

    assert (found.window, found.now.events, found.feeds) == (None, 0, ())
