"""Retention removes old days, except for held ones."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify
from anthropic_audit.model import Activity, Received

BEFORE = NOW.date() - timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "archive", settings())
    house.collect(house.feed())
    return house


def days(house: House, table: str = "activities") -> list[date]:
    with open_reader(str(house.folder)).connect() as connection:
        rows = connection.sql(f"SELECT DISTINCT day FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - our own names
        return [row[0] for row in rows]


def test_old_days_go_and_the_rest_stays(house: House) -> None:
    before = days(house)
    with open_writer(str(house.folder), house.clock) as archive:
        marks = archive.last_seq, archive.normalized_seq
        removed = archive.retain(BEFORE, [])
        assert (archive.last_seq, archive.normalized_seq) == marks
        assert archive.retain(BEFORE, []) == []

    assert [one.day for one in removed] == [day for day in before if day < BEFORE]
    assert days(house) == days(house, "events") == [day for day in before if day >= BEFORE]
    assert verify(open_reader(str(house.folder))) == []
    assert open_reader(str(house.folder)).coverage("acme"), "what was walked stays"


def test_what_is_held_stays(house: House) -> None:
    held = days(house)[0]

    with open_writer(str(house.folder), house.clock) as archive:
        removed = archive.retain(BEFORE, [(held, held)])

    assert held in days(house)
    assert held not in {one.day for one in removed}
    assert verify(open_reader(str(house.folder))) == []


def test_a_rehearsal_removes_nothing(house: House) -> None:
    before = days(house)

    with open_writer(str(house.folder), house.clock) as archive:
        assert archive.retain(BEFORE, [], is_rehearsal=True)

    assert days(house) == before


def test_what_was_removed_does_not_come_back_and_new_ones_go_on(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.retain(BEFORE, [])
        archive.compact()
        archive.vacuum(timedelta(0))
    kept = days(house)
    for _ in range(3):
        house.clock.advance(timedelta(minutes=5))
        house.collect(house.feed())

    assert days(house) == kept
    assert verify(open_reader(str(house.folder))) == []


def test_a_loss_is_still_a_loss(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.retain(BEFORE, [])
        archive._activities.remove_days([BEFORE])

    assert {one.what for one in verify(open_reader(str(house.folder)))} >= {"numbers of activities are missing"}


def test_a_loss_among_removed_ones_is_a_loss(house: House) -> None:
    with open_writer(str(house.folder), house.clock) as archive:
        archive.retain(BEFORE, [])
    removals = DeltaTable((house.folder / "removals").as_uri())
    removals.update(updates={"activities": "activities - 1"}, predicate="lowest_seq = 1")

    found = {one.what: one.number for one in verify(open_reader(str(house.folder)))}

    assert found == {"more activities are missing in removed days than retention has removed": 1}


def test_a_removal_that_was_cut_off_is_no_loss_and_is_done_again(house: House) -> None:
    before = days(house)
    with open_writer(str(house.folder), house.clock) as archive:
        first = archive.retain(BEFORE, [])
    activities = DeltaTable((house.folder / "activities").as_uri())
    activities.restore(activities.version() - 1)
    assert days(house) == before != days(house, "events")
    assert verify(open_reader(str(house.folder))) == []

    with open_writer(str(house.folder), house.clock) as archive:
        assert archive.retain(BEFORE, []) == first
    assert verify(open_reader(str(house.folder))) == []


def test_what_comes_back_by_hand_is_right_and_goes_again(house: House) -> None:
    asked = "SELECT id, type, created_at, organization_id, raw, sha256 FROM activities ORDER BY seq LIMIT 9"
    with open_reader(str(house.folder)).connect() as connection:
        rows = connection.sql(asked).to_arrow_table().to_pylist()
    again = [Received(Activity(**row), "acme", NOW, "req_1", "walk_1") for row in rows]
    with open_writer(str(house.folder), house.clock) as archive:
        removed = archive.retain(BEFORE, [])
        assert archive.append(again) == 9
    house.collect(house.feed())
    assert verify(open_reader(str(house.folder))) == []

    with open_writer(str(house.folder), house.clock) as archive:
        assert [(one.day, one.activities) for one in archive.retain(BEFORE, [])] == [(removed[0].day, 9)]
    assert verify(open_reader(str(house.folder))) == []
