"""The whole demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_the_demo_shows_what_a_newcomer_wants_to_see(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--history", "11d", "--archive", str(tmp_path / "kept"))

    titles = ["Activity over time", "Top actions", "Top users", "Outcomes", "An incident", "Is it complete?"]
    assert result.exit_code == 0, result.stderr
    assert [title for title in titles if title not in result.stdout] == []
    assert "every activity exactly once, unchanged" in result.stdout
    assert f"anthropic-audit status --archive {tmp_path / 'kept'}" in result.stdout.replace("\n", "")
    assert "activities" in run("status", "--archive", str(tmp_path / "kept")).stdout


def test_a_folder_with_something_in_it_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").write_text("", encoding="utf-8")

    result = run("demo", "--archive", "kept")

    assert result.exit_code == 2
    assert "the demo needs an empty folder, and this one is not: kept" in result.stderr
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine"]
