"""`report` from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.mark.usefixtures("archive")
def test_a_report_is_named_after_its_period(run: Run, tmp_path: Path) -> None:
    result = run("report")

    (found,) = tmp_path.glob("audit-report-*.pdf")
    today = datetime.now(UTC)
    assert result.exit_code == 0, result.stderr
    assert found.name.startswith(f"audit-report-{today - timedelta(days=30):%Y-%m-%d}-")
    assert found.read_bytes().startswith(b"%PDF-")
    assert f"reported 4 events, 1 of them critical to {found.name}" in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("archive")
def test_a_period_of_whole_days_is_named_by_its_last_day(run: Run, tmp_path: Path) -> None:
    result = run("report", "--from", "2026-10-01", "--to", "2026-11-01", "--format", "html")

    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "audit-report-2026-10-01-2026-10-31.html").exists()


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("args", "begins"),
    [
        pytest.param(["-o", "a.html"], b"<!DOCTYPE html>", id="by its name, HTML"),
        pytest.param(["-o", "a.PDF"], b"%PDF-", id="by its name, PDF"),
        pytest.param(["-o", "a.txt", "--format", "html"], b"<!DOCTYPE html>", id="as said"),
        pytest.param(["-o", "a.pdf", "--format", "html"], b"<!DOCTYPE html>", id="as said, not as named"),
    ],
)
def test_the_format_is_what_was_asked_for(run: Run, tmp_path: Path, args: list[str], begins: bytes) -> None:
    assert run("report", *args).exit_code == 0

    assert (tmp_path / args[1]).read_bytes().startswith(begins)


@pytest.mark.usefixtures("archive")
def test_a_dash_is_stdout(run: Run, tmp_path: Path) -> None:
    result = run("report", "-o", "-", "--format", "html", "--title", "October & all")

    assert result.stdout.startswith("<!DOCTYPE html>")
    assert "<h1>October &amp; all</h1>" in result.stdout
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.usefixtures("archive")
def test_nothing_is_overwritten_unasked(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "a.html"
    kept.write_text("mine", encoding="utf-8")

    refused = run("report", "-o", "a.html")

    assert (refused.exit_code, kept.read_text(encoding="utf-8")) == (2, "mine")
    assert "the file exists already: a.html" in refused.stderr
    assert run("report", "-o", "a.html", "--force").exit_code == 0
    assert kept.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param(["--from", "soon"], "not a time: `soon`", id="no time"),
        pytest.param(["--from", "1d", "--to", "2d"], "the span ends before it starts", id="backwards"),
        pytest.param(["-q", "event.outcome : )"], "  event.outcome : )\n                  ^", id="no query"),
        pytest.param(["-q", "user.mail : x"], "no such field", id="no field"),
        pytest.param(["-o", "report.docx"], "use .html or .pdf", id="no format"),
        pytest.param(["-o", "nowhere/a.pdf"], "the file can't be written", id="no folder"),
        pytest.param(["--archive", "elsewhere"], "there is no archive at", id="no archive"),
        pytest.param(["--no-personal", "-q", "user.email : bob*"], "`user.email` holds personal data", id="hidden"),
        pytest.param(["--no-personal", "-q", "bob"], "omit --no-personal", id="hidden words"),
    ],
)
def test_what_is_wrong_is_told(run: Run, tmp_path: Path, args: list[str], words: str) -> None:
    result = run("report", *args)

    assert result.exit_code == 2
    assert words in result.stderr
    assert not list(tmp_path.glob("*report*"))


@pytest.mark.usefixtures("archive")
def test_a_query_narrows_the_report_and_is_told_in_it(run: Run) -> None:
    result = run("report", "-o", "-", "--format", "html", "-q", "event.outcome : failure")

    assert "event.outcome : failure" in result.stdout
    assert "reported 1 events" in result.stderr


@pytest.mark.usefixtures("archive")
def test_personal_data_can_stay_inside(run: Run) -> None:
    result = run("report", "-o", "-", "--format", "html", "--no-personal")

    assert result.exit_code == 0, result.stderr
    assert "masked-" in result.stdout
    for value in ("alice", "bob", "203.0.113", "198.51.100"):
        assert value not in result.stdout


@pytest.mark.usefixtures("archive")
def test_an_incomplete_period_is_told_on_stderr(run: Run) -> None:
    assert "incomplete: feed acme covers" in run("report", "-o", "-", "--format", "html").stderr
