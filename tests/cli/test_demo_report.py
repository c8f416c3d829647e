"""The demo's drawings."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from anthropic_audit.cli.demo_report import Proof, chart, hits_text, proof_text, ranking, side_by_side, titled
from anthropic_audit.query import SearchHit

GOOD = Proof(
    start=datetime(2026, 10, 24, tzinfo=UTC),
    end=datetime(2026, 11, 23, tzinfo=UTC),
    holes=0,
    truth=1200,
    stored=1200,
    missing=0,
    unknown=0,
    repeated=0,
    wrong_hashes=0,
)


def drawn(content: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as captured:
        console.print(content)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_chart_has_a_column_for_each_day() -> None:
    days = [(date(2026, 11, 1) + timedelta(days=number), count) for number, count in enumerate([0, 500, 1000] * 5)]

    lines = chart(days).plain.splitlines()

    assert lines[0] == "    █" * 1 + "     █" * 4 + "  1,000 a day"
    assert lines[4] == " ".join(" ██" * 5).replace("  ", "  ")
    assert lines[5].startswith("2026-11-01")
    assert lines[5].endswith("2026-11-15")


@pytest.mark.parametrize("days", [[], [(date(2026, 11, 1), 0)], [(date(2026, 11, 1), 7)]], ids=["none", "zero", "one"])
def test_a_chart_of_little_is_drawn(days: list[tuple[date, int]]) -> None:
    assert chart(days).plain


def test_a_ranking_has_a_bar_for_each_value() -> None:
    lines = drawn(ranking([("first", 2000), ("second", 1000), ("third", 1)]))

    assert [line.split()[:2] for line in lines] == [["first", "2,000"], ["second", "1,000"], ["third", "1"]]
    assert [line.count("█") for line in lines] == [16, 8, 1]


def test_things_stand_side_by_side_below_their_titles() -> None:
    lines = drawn(side_by_side(titled("Left", ranking([("a", 1)])), titled("Right", ranking([("b", 1)]))))

    assert lines[1].split() == ["Left", "Right"]
    assert lines[2].split()[::3] == ["a", "b"]


def hits(number: int) -> list[SearchHit]:
    return [
        SearchHit(seq, "demo", f'{{"event":{{"action":"act_{seq}"}},"user":{{"email":"a@b"}}}}')
        for seq in range(number)
    ]


def test_hits_are_lines_of_the_summary() -> None:
    lines = hits_text(hits(2), 100).plain.splitlines()

    assert lines[0].split() == ["time", "action", "actor", "outcome", "source", "target"]
    assert [line.split() for line in lines[1:]] == [["act_0", "a@b", "-", "-", "-"], ["act_1", "a@b", "-", "-", "-"]]


def test_of_many_hits_the_beginning_and_the_end_are_shown() -> None:
    lines = hits_text(hits(100), 100).plain.splitlines()

    assert [line.split()[0] for line in lines[1:7]] == [f"act_{number}" for number in range(6)]
    assert lines[7] == "… 88 more"
    assert [line.split()[0] for line in lines[8:]] == [f"act_{number}" for number in range(94, 100)]


def test_a_proof_that_holds_says_so() -> None:
    assert GOOD.holds
    assert proof_text(GOOD).plain.endswith("every activity exactly once, unchanged")


@pytest.mark.parametrize("what", ["holes", "missing", "unknown", "repeated", "wrong_hashes"])
def test_a_proof_with_one_thing_wrong_does_not_hold(what: str) -> None:
    wrong = replace(GOOD, **{what: 1})  # type: ignore[arg-type] # every one of these is a number

    assert not wrong.holds
    assert proof_text(wrong).plain.endswith("THEY DIFFER")
