"""A service that loses its archive ends with the reason; the next service does not start a new archive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.test_run import Place, eventually, place
from tests.serving import ids, truth

__all__ = ["place"]


pytestmark = pytest.mark.timeout(240)


def delete_lease(archive: Path) -> None:
    (archive / "writer.lease").unlink()


def delete_coverage(archive: Path) -> None:
    shutil.rmtree(archive / "coverage")


def move_away(archive: Path) -> None:
    archive.rename(archive.with_name("elsewhere"))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("takes", "says"),
    [(delete_lease, "lease file was deleted"), (delete_coverage, "removed or replaced"), (move_away, "moved away")],
)
def test_a_service_ends_when_its_archive_is_taken(place: Place, takes: Callable[[Path], None], says: str) -> None:
    place.write()
    with place.running() as service:
        eventually(lambda: place.told("walk finished"), 60)
        takes(place.folder / "archive")
        assert service.wait(60) == 1

    text = place.log.read_text()
    assert says in text
    assert "hint: " in text
    assert "Traceback" not in text


def test_after_a_deleted_lease_the_next_one_goes_on(place: Place) -> None:
    place.write()
    with place.running() as service:
        eventually(lambda: place.told("walk finished"), 60)
        delete_lease(place.folder / "archive")
        assert service.wait(60) == 1
    with place.running():
        eventually(lambda: place.told("walk finished"), 60)
        eventually(lambda: ids(place.folder / "archive") == truth(place.server), 60)


def test_a_removed_table_is_said_by_whoever_comes_next(place: Place) -> None:
    place.write()
    with place.running() as service:
        eventually(lambda: place.told("walk finished"), 60)
        service.terminate()
        service.wait(60)
    delete_coverage(place.folder / "archive")

    with place.running() as service:
        assert service.wait(60) == 1

    assert "has lost a table" in place.log.read_text()
    assert "anthropic-audit archive repair" in place.log.read_text()
    assert not (place.folder / "archive" / "coverage").exists()
