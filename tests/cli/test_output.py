"""Tables and cells."""

from __future__ import annotations

import pytest

from anthropic_audit.cli.output import Heading, fitted, print_json, print_table, printable, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (1.5, "1.5"),
        (["a", None, 2], "a, -, 2"),
        ({"a": 1}, '{"a":1}'),
        ("two\nlines\x1b[31m\x9b", "two⟨U+000A⟩lines⟨U+001B⟩[31m⟨U+009B⟩"),
    ],
    ids=repr,
)
def test_a_cell_is_readable_and_can_not_steer_a_terminal(value: object, text: str) -> None:
    assert printable(value) == text


def test_a_table_in_a_pipe_is_aligned_and_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([Heading("name"), Heading("count", is_number=True)], [["a" * 300, 5], ["b", 1000]])

    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name" + " " * 298 + "count", "a" * 300 + "      5", "b" + " " * 299 + "  1,000"]


@pytest.mark.parametrize(
    ("widths", "available", "fits"),
    [
        pytest.param([5, 10], 20, [5, 10], id="enough space"),
        pytest.param([5, 30, 50], 45, [5, 20, 20], id="the widest are cut first"),
        pytest.param([30, 30], 4, [8, 8], id="none below a readable width"),
        pytest.param([20, 5], 12, [8, 5], id="a narrow one stays as it is"),
        pytest.param([], 10, [], id="no columns"),
    ],
)
def test_widths_are_fitted(widths: list[int], available: int, fits: list[int]) -> None:
    assert fitted(widths, [8] * len(widths), available) == fits


def test_a_fitted_table_shows_where_it_was_cut() -> None:
    lines = table([Heading("name"), Heading("count", is_number=True)], [["a" * 300, 5]], 30).plain.splitlines()

    assert lines[1] == "a" * 22 + "…" + "      5"
    assert len(lines[1]) == 30


def test_a_column_that_must_not_be_cut_is_not() -> None:
    lines = table([Heading("time", may_be_cut=False), Heading("text")], [["t" * 20, "x" * 40]], 40).plain.splitlines()

    assert lines[1] == "t" * 20 + "  " + "x" * 17 + "…"


def test_signs_of_double_width_are_counted_as_such() -> None:
    lines = table([Heading("a"), Heading("b")], [["日本", "x"], ["abcd", "y"]]).plain.splitlines()

    assert lines[1:] == ["日本  x", "abcd  y"]


def test_json_is_indented(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": 1})

    assert capsys.readouterr().out == '{\n  "a": 1\n}\n'
