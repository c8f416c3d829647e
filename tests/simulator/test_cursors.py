from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.simulator.cursors import CursorSeal
from anthropic_audit.simulator.http import RefusalError

Call = Callable[..., Any]
SEAL = CursorSeal(b"one organization")

positions = st.tuples(st.integers(-(2**62), 2**62), st.binary(max_size=40))


@given(key=positions)
def test_a_cursor_reads_as_the_position_it_was_issued_for(key: tuple[int, bytes]) -> None:
    assert SEAL.read(SEAL.issue(key, 3), 3) == key


@given(key=positions, data=st.data())
def test_a_cursor_with_one_letter_changed_is_refused(key: tuple[int, bytes], data: st.DataObject) -> None:
    text = SEAL.issue(key, 0)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123-_").filter(lambda one: one != text[place]))

    with pytest.raises(RefusalError):
        SEAL.read(text[:place] + letter + text[place + 1 :], 0)


@given(text=st.text(max_size=80))
def test_a_text_that_was_never_issued_is_refused(text: str) -> None:
    with pytest.raises(RefusalError):
        SEAL.read(text, 0)


def test_a_cursor_of_another_organization_is_refused() -> None:
    foreign = CursorSeal(b"another organization").issue((1, b"x"), 0)

    with pytest.raises(RefusalError):
        SEAL.read(foreign, 0)


def test_a_cursor_in_other_clothes_is_refused() -> None:
    text = SEAL.issue((1, b"xy"), 0)

    for clothes in (text + "=", text + "\n", " " + text, urlsafe_b64encode(text.encode()).decode()):
        with pytest.raises(RefusalError):
            SEAL.read(clothes, 0)


def test_a_cursor_of_an_earlier_generation_is_refused_and_a_later_one_is_not() -> None:
    assert SEAL.read(SEAL.issue((1, b"x"), 2), 1) == (1, b"x")
    with pytest.raises(RefusalError):
        SEAL.read(SEAL.issue((1, b"x"), 0), 1)


def test_a_cursor_outlives_a_restart_of_the_server(call: Call) -> None:
    before = call()
    first = before.page(("limit", "10"))
    expected = before.page(("limit", "10"), ("after_id", first["last_id"]))

    assert call().page(("limit", "10"), ("after_id", first["last_id"])) == expected


def test_a_cursor_outlives_its_key(call: Call) -> None:
    caller = call()
    first = caller.page(("limit", "10"))
    caller.key = caller.vendor.keys.named("admin").secret.reveal()

    assert caller.page(("limit", "10"), ("after_id", first["last_id"]))["data"]


def test_a_cursor_does_not_open_another_organization(call: Call) -> None:
    cursor = call().page(("limit", "10"))["last_id"]

    response = call(seed=2).ask(("after_id", cursor))

    assert response.status == 400
    assert json.loads(response.body)["error"]["type"] == "invalid_request_error"
