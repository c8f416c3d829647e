"""Invisible and direction-changing characters are made visible; characters that writing systems need stay."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.visible import as_received, visible, visible_json

TEXTS = st.text(st.characters())


@pytest.mark.parametrize(
    "char",
    [
        *map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x200B, 0x2010), *range(0x2060, 0x2065)]),
        *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u2028\u2029\u2800\u3164\ufeff\uffa0\ufff9\ud800\udfff",
        *"\x00\x07\x1b\x7f\x85\x9b\ufe0f\U000e0001\U000e0041\U000e0100\U0001d173",
    ],
    ids=lambda char: f"U+{ord(char):04X}",
)
def test_a_hidden_character_is_shown_by_its_number(char: str) -> None:
    assert visible(f"gpj{char}exe") == f"gpj⟨U+{ord(char):04X}⟩exe"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("👩\u200d👩\u200d👧", id="a family"),
        pytest.param("❤\ufe0f\u200d🔥", id="a heart on fire"),
        pytest.param("1\ufe0f⃣", id="a keycap"),
        pytest.param("\u0645\u06cc\u200c\u062e\u0648", id="Persian"),
        pytest.param("क्\u200dष", id="Hindi"),
        pytest.param("葛\U000e0100", id="a variant of an ideograph"),
        pytest.param("\u0600\u0661\u0662", id="an Arabic number"),
        pytest.param("Zoë Müller, Ζωή, \ue000", id="letters, and private use"),
    ],
)
def test_what_a_language_needs_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", ["a\u200db", "\u200d👩", "pay\u200cpal", "a\ufe0f", "❤\ufe0f\ufe0f"])
def test_joiners_and_selectors_elsewhere_are_shown(text: str) -> None:
    assert "⟨U+" in visible(text)


@given(TEXTS)
def test_nothing_that_steers_is_left_and_what_is_shown_leads_back(text: str) -> None:
    shown = visible(text)

    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    assert "⟨U+" in text or as_received(shown) == text


@given(st.text())
def test_json_means_the_same_with_escapes(text: str) -> None:
    written = visible_json(json.dumps({"text": text}, ensure_ascii=False, indent=2))

    assert json.loads(written) == {"text": text}
    assert not set(written) & set("\u202e\u2066\u200b\ufeff\U000e0041")


def test_line_breaks_stay_where_they_are_wanted() -> None:
    assert visible("a\nb\rc", "\n") == "a\nb⟨U+000D⟩c"
