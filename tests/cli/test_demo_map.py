"""The demo's map of the world."""

from __future__ import annotations

import pytest

from anthropic_audit.cli.demo_map import world_map
from anthropic_audit.query import Spot

BERLIN = (52.5, 13.4)
SYDNEY = (-33.9, 151.2)


def lines(*spots: Spot) -> list[str]:
    return world_map(spots).plain.splitlines()


def test_without_spots_there_is_land_and_sea() -> None:
    drawn = lines()

    assert len(drawn) == 20
    assert set("".join(drawn)) == {"·", " "}


def test_spots_are_where_they_are_and_as_large_as_they_are() -> None:
    drawn = lines(Spot(*BERLIN, "Germany", 100), Spot(*SYDNEY, "Australia", 40), Spot(40.7, -74.0, "United States", 1))

    (berlin,) = [(row, line.index("●")) for row, line in enumerate(drawn) if "●" in line]
    (sydney,) = [(row, line.index("•")) for row, line in enumerate(drawn) if "•" in line]
    (new_york,) = [(row, line.index("∙")) for row, line in enumerate(drawn) if "∙" in line]
    assert berlin[0] < new_york[0] < sydney[0]
    assert new_york[1] < berlin[1] < sydney[1]


def test_spots_in_one_place_are_one_spot() -> None:
    assert lines(Spot(*BERLIN, "Germany", 1), Spot(52.6, 13.5, "Germany", 1)) == lines(Spot(*BERLIN, "Germany", 2))


@pytest.mark.parametrize("latitude", [-90.0, -48.0, 76.0, 76.1, 90.0])
@pytest.mark.parametrize("longitude", [-180.0, 0.0, 180.0])
def test_no_place_is_too_far(latitude: float, longitude: float) -> None:
    assert len(lines(Spot(latitude, longitude, "", 1))) == 20
