"""Values as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.reporting.text import change, percent, pieces, plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("Zoë Straße", "Zoë Straße", id="as it is"),
        pytest.param("two\nlines\tand\u2028more", "two lines and⟨U+2028⟩more", id="one line"),
        pytest.param("a\x00b\x1b[31m", "a⟨U+0000⟩b⟨U+001B⟩[31m", id="controls"),
        pytest.param("gpj.\u202eexe", "gpj.⟨U+202E⟩exe", id="turned around"),
        pytest.param("a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩", id="invisible"),
        pytest.param("क्\u200dष", "क्\u200dष", id="a joiner that belongs there"),
        pytest.param("\ud800", "⟨U+D800⟩", id="half a sign"),
        pytest.param("  ", "(empty)", id="nothing"),
        pytest.param("x" * 200, "x" * 159 + "…", id="long"),
    ],
)
def test_a_value_is_one_harmless_line(value: str, shown: str) -> None:
    assert plain(value) == shown


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "0\u00a0%"),
        (0.00001, "<\u00a00.1\u00a0%"),
        (0.123, "12.3\u00a0%"),
        (0.99999, ">\u00a099.9\u00a0%"),
        (1, "100\u00a0%"),
    ],
)
def test_nearly_all_is_not_all(share: float, told: str) -> None:
    assert percent(share) == told


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (5, 5, "unchanged"),
        (5, 0, "none before"),
        (15, 10, "+50\u00a0%"),
        (0, 10, "\N{MINUS SIGN}100\u00a0%"),
        (998, 1000, "\N{MINUS SIGN}0.2\u00a0%"),
    ],
)
def test_a_change_is_told(now: int, before: int, told: str) -> None:
    assert change(now, before) == told


def test_long_words_are_broken_where_they_are_joined() -> None:
    assert pieces("see claude_project_file_deletion_failed now") == [
        "see claude_",
        "project_",
        "file_",
        "deletion_",
        "failed now",
    ]
    assert pieces("a short word") == ["a short word"]
    assert max(map(len, pieces("x" * 90))) == 20


@given(st.text())
def test_pieces_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
