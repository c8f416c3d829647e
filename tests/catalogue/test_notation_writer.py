"""The notation, written back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.catalogue import FieldSpec, load
from anthropic_audit.catalogue.notation import parse_field
from anthropic_audit.catalogue.notation_writer import write_field, write_line, write_rule, write_sentence
from anthropic_audit.catalogue.sentences import parse_sentence

NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
PLAIN = st.builds(FieldSpec, st.sampled_from(["string", "number", "boolean", "unknown", "object"]))
ENUMS = st.builds(
    lambda values, more: FieldSpec("enum", values=tuple(values), has_more_values=more or not values),
    st.lists(NAMES, max_size=3, unique=True),
    st.booleans(),
)
MAPS = st.builds(FieldSpec, st.just("map"), element=st.sampled_from(["string", "number", "unknown"]))


def _marked(kinds: st.SearchStrategy[FieldSpec]) -> st.SearchStrategy[FieldSpec]:
    return st.builds(
        lambda spec, array, required, nullable: FieldSpec(
            spec.kind, array, required, nullable, spec.values, spec.has_more_values, spec.fields, (), spec.element
        ),
        kinds,
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )


SPECS = st.recursive(
    _marked(PLAIN | ENUMS | MAPS),
    lambda inner: _marked(
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda fields: FieldSpec("object", fields=fields))
    ),
    max_leaves=6,
)


@given(SPECS)
def test_what_is_written_is_read_back(spec: FieldSpec) -> None:
    assert parse_field(write_line(spec)) == spec


def test_every_sentence_and_field_of_ours_is_read_back() -> None:
    for kind in load().types.values():
        assert parse_sentence(write_sentence(kind.sentence)) == kind.sentence
        for spec in kind.fields.values():
            written = write_field(spec)
            assert isinstance(written, dict) == bool(spec.variants)
            assert spec.variants or parse_field(str(written)) == spec


def test_a_rule_is_told_in_words() -> None:
    rule = load().types["compliance_api_accessed"].outcome_rule

    assert rule is not None
    assert write_rule(rule) == "by status_code (200 to 299: success, 400 to 599: failure, else unknown)"
