"""Taking values from a document: only fitting values are taken, and the document is not changed."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_audit.documents import value_at
from anthropic_audit.ocsf.unmapped import (
    Remainder,
    is_address,
    is_addresses,
    is_email,
    is_number,
    is_port,
    is_text,
    is_texts,
    is_whole,
)

Json = Any


def test_what_is_taken_is_gone_and_what_is_empty_then_goes_as_well() -> None:
    document = {"a": {"b": {"c": "x"}, "d": "y"}}
    rest = Remainder(document)

    assert (rest.take("a.b.c"), rest.take("a.b.c")) == ("x", None)
    assert rest.left() == {"a": {"d": "y"}}
    assert document == {"a": {"b": {"c": "x"}, "d": "y"}}


def test_what_does_not_fit_stays() -> None:
    rest = Remainder({"a": {"b": 7}})

    assert (rest.take("a.b"), rest.take("a.b.c"), rest.take("x.y")) == (None, None, None)
    assert rest.left() == {"a": {"b": 7}}


def test_the_feed_s_own_part_is_not_for_taking() -> None:
    assert Remainder({"anthropic": {"audit": {}}}).left() == {}


def test_a_look_takes_nothing() -> None:
    rest = Remainder({"a": {"b": "x"}})

    assert (rest.see("a.b"), rest.see("a.b.c"), rest.see("a.x"), value_at(7, "a")) == ("x", None, None, None)
    assert rest.left() == {"a": {"b": "x"}}


@pytest.mark.parametrize(
    ("fits", "yes", "no"),
    [
        (is_text, ["x"], ["", 7, None]),
        (is_email, ["a@b.example", "a+b@c-d.e.example"], ["a@b", "a b@c.d", "@c.d", 7, "ü@c.d"]),
        (
            is_address,
            ["10.0.0.1", "::", "2001:db8::1", "::ffff:10.0.0.1"],
            ["10.0.0", "fe80::1%eth0", 7, "", "0000:0000:0000:0000:0000:ffff:255.255.255.255"],
        ),
        (is_addresses, [["10.0.0.1", "::1"]], [[], ["10.0.0.1", "x"], "10.0.0.1"]),
        (is_whole, [0, -1], [True, 1.5, "1"]),
        (is_number, [0, 1.5], [True, "1"]),
        (is_port, [0, 65535], [-1, 65536, True, "80"]),
        (is_texts, [["x"]], [[], ["x", 7], "x"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_values_fit_or_do_not(fits: Any, yes: list[Json], no: list[Json]) -> None:
    assert [value for value in yes if not fits(value)] == []
    assert [value for value in no if fits(value)] == []
