"""The notation of fields."""

from __future__ import annotations

import pytest

from anthropic_audit.catalogue import FieldSpec
from anthropic_audit.catalogue.errors import NotationError
from anthropic_audit.catalogue.notation import parse_field, parse_members


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("string", FieldSpec("string"), id="plain"),
        pytest.param("string!", FieldSpec("string", is_required=True), id="required"),
        pytest.param("number?", FieldSpec("number", is_nullable=True), id="nullable"),
        pytest.param("boolean!?", FieldSpec("boolean", is_required=True, is_nullable=True), id="required-nullable"),
        pytest.param("list(string)!", FieldSpec("string", is_array=True, is_required=True), id="list"),
        pytest.param("enum(a, b-c)", FieldSpec("enum", values=("a", "b-c")), id="enum"),
        pytest.param("enum(a, ...)", FieldSpec("enum", values=("a",), has_more_values=True), id="open-enum"),
        pytest.param("map(number)?", FieldSpec("map", element="number", is_nullable=True), id="map"),
        pytest.param("object", FieldSpec("object"), id="object-of-unknown-members"),
    ],
)
def test_a_notation_gives_a_field(text: str, expected: FieldSpec) -> None:
    assert parse_field(text) == expected


def test_an_object_has_members() -> None:
    spec = parse_field("list(object(type=enum(name)!, before=object(at=string?)))?")

    assert (spec.kind, spec.is_array, spec.is_nullable) == ("object", True, True)
    assert spec.fields["type"] == FieldSpec("enum", values=("name",), is_required=True)
    assert spec.fields["before"].fields["at"] == FieldSpec("string", is_nullable=True)


def test_members_keep_their_order() -> None:
    assert list(parse_members("b=string, a=number!")) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("strng", "unknown kind of field: `strng` in `strng`", id="unknown-kind"),
        pytest.param("string!!", "unexpected `!`", id="mark-twice"),
        pytest.param("enum()", "a word is missing", id="empty-enum"),
        pytest.param("list(string", "`)` is missing", id="open-bracket"),
        pytest.param("list(list(string))", "a list of lists is not supported", id="list-of-lists"),
        pytest.param("object(a=string, a=number)", "`a` occurs twice", id="member-twice"),
        pytest.param("object(a string)", "`=` is missing", id="member-without-kind"),
        pytest.param("string $", "`$` can't be read", id="strange-character"),
        pytest.param("", "a word is missing", id="empty"),
    ],
)
def test_an_invalid_notation_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_field(text)

    assert reason in str(caught.value)
