"""Write values of the catalogue in its notation, for display and for proposals."""

from __future__ import annotations

from collections.abc import Mapping

from .model import FieldSpec, OutcomeRule
from .sentences import Sentence

_MORE = "..."

Written = str | dict[str, list[str]]
"""A field as in the files: a line, or an object with a list of alternative members."""


def write_field(spec: FieldSpec) -> Written:
    """Return the notation of a field; a field with variants is a mapping, as in the files."""
    if spec.variants:
        shape = FieldSpec("object", spec.is_array, spec.is_required, spec.is_nullable)
        return {write_line(shape): [write_members(variant) for variant in spec.variants]}
    return write_line(spec)


def write_line(spec: FieldSpec) -> str:
    """Return the notation of a field in one line; a field with variants becomes an object without members."""
    kind = _kind(spec)
    if spec.is_array:
        kind = f"list({kind})"
    return f"{kind}{'!' * spec.is_required}{'?' * spec.is_nullable}"


def write_members(fields: Mapping[str, FieldSpec]) -> str:
    """Return the notation of an object's members, as `parse_members` reads it."""
    return ", ".join(f"{name}={write_line(spec)}" for name, spec in fields.items())


def write_sentence(sentence: Sentence) -> str:
    """Return the text of a sentence, as `parse_sentence` reads it."""
    parts = []
    for part in sentence.parts:
        text = "".join(f"{{{text}}}" if is_name else text for is_name, text in part.pieces)
        parts.append(f"[{text}]" if part.is_optional else text)
    return "".join(parts)


def write_rule(rule: OutcomeRule) -> str:
    """Return a description of an outcome rule in words."""
    cases = [f"{_word(value)}: {outcome}" for value, outcome in rule.values.items()]
    cases += [f"{low} to {high}: {outcome}" for low, high, outcome in rule.ranges]
    return f"by {'.'.join(rule.path)} ({', '.join(cases)}, else {rule.otherwise})"


def _kind(spec: FieldSpec) -> str:
    if spec.kind == "enum":
        return f"enum({', '.join([*spec.values, *[_MORE] * spec.has_more_values])})"
    if spec.kind == "map":
        return f"map({spec.element})"
    return f"object({write_members(spec.fields)})" if spec.fields else spec.kind


def _word(value: str | bool) -> str:  # noqa: FBT001 - a value of activities
    return str(value).lower() if isinstance(value, bool) else value
