"""What `bench/attempts.py` tries, as far as it takes seconds: none of it gets in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bench.attacks.target import Grounds
from bench.attempts import GROUPS


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with Grounds(tmp_path_factory.mktemp("grounds")) as grounds:
        yield grounds


@pytest.mark.sampled(2)
@pytest.mark.parametrize("group", ["sessions", "forms", "hosts", "paths", "exports", "journals"])
def test_nothing_that_is_tried_gets_in(grounds: Grounds, group: str) -> None:
    _, attacks_of = GROUPS[group]

    attacks = list(attacks_of(grounds))

    assert attacks
    assert [(one.tried, some) for one in attacks for some in one.tries if not some.has_held] == []
    assert all(one.tries for one in attacks)
