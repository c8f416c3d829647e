"""Removing what is too old, but for what is held."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_reader, open_writer, verify

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
