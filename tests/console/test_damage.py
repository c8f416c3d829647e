"""Every page of the console works with damaged files, and lists them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.test_damage import cut_off, flipped, gone, oldest, zeroed
from tests.console.conftest import Serve
from tests.console.test_extremes import WISHES

PAGES = ("/", "/explore", "/feeds", "/entity/user/x", *WISHES)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("table", ["activities", "coverage", "events"])
@pytest.mark.parametrize("damaged", [gone, cut_off, zeroed, flipped])
def test_no_page_fails_because_of_one_damaged_file(
    serve: Serve, own_archive: Path, damaged: Callable[[Path], None], table: str
) -> None:
    damaged(oldest(own_archive, table))

    client = serve(archive=own_archive).inside()
    answers = {path: client.get(f"{path}{'&' if '?' in path else '?'}from=2026-01-01").status_code for path in PAGES}
    home = client.get("/").text

    assert {path: status for path, status in answers.items() if status != 200} == {}
    assert "1 damaged or missing file " in home
