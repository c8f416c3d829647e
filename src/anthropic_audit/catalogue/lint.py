"""Lint a catalogue that can be read: missing texts, unwanted words, unknown references, and likely misspellings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import combinations

from .line_numbers import Lines
from .model import ActivityType, AuditField, Catalogue, FieldSpec

MOVED_OF_ANY = frozenset({"ip_address", "user_agent", "unauthenticated_email_address"})
"""Members that move to ECS fields for every kind of actor."""

_TARGET = "user.target."
_MIN_SLIP_CHARS = 6
_NO_SLIPS = frozenset({("invited_email", "invitee_email")})
"""Similar names that the vendor uses for different fields."""
_SECTIONS = ("moved", "published", "newer")


@dataclass(frozen=True, slots=True)
class LintIssue:
    """One problem in the catalogue's files."""

    where: str
    """The file and the line, as `file:line`."""
    what: str
    """The problem: the entry's name, and a clause about it."""


def lint(catalogue: Catalogue, lines: Lines) -> list[LintIssue]:
    """Return the problems of a catalogue, sorted by file and line."""
    found = [
        *(LintIssue(lines.where(*_place(kind)), what) for kind, what in _types(catalogue, lines)),
        *(LintIssue(_field_place(name, lines), f"`{name}` {what}") for name, what in _fields(catalogue)),
        *(LintIssue(lines.where("actors.yaml", name), f"`{name}` {what}") for name, what in _actors(catalogue)),
        *(LintIssue(lines.where(*keys), f"`{keys[-1]}` {what}") for keys, what in _other_fields(catalogue)),
    ]
    return sorted(found, key=lambda one: _file_and_line(one.where))


def _types(catalogue: Catalogue, lines: Lines) -> Iterator[tuple[ActivityType, str]]:
    for kind in catalogue.types.values():
        for what in _words(kind, lines):
            yield kind, f"`{kind.name}` {what}"
        for check in _CHECKS:
            for what in check(kind, catalogue):
                yield kind, f"`{kind.name}` {what}"
    for first, second in _same_descriptions(catalogue.types.values()):
        yield second, f"`{second.name}` has the same description as `{first.name}`"
    for first_name, second_name in slips(catalogue.types):
        yield catalogue.types[second_name], f"`{second_name}` is spelled almost like `{first_name}`"


def _words(kind: ActivityType, lines: Lines) -> Iterator[str]:
    yield from _description(kind.description)
    if not kind.sentence:
        yield "has no sentence"
    elif not kind.sentence.names:
        yield "has a sentence without a placeholder"
    plain = " ".join(text for part in kind.sentence.parts for is_name, text in part.pieces if not is_name)
    for word in unwanted_words(plain):
        yield f"has `{word}` in its sentence"
    if not lines.has(*_place(kind), "sensitivity"):
        yield "has no sensitivity"


def _description(text: str) -> Iterator[str]:
    if not text:
        yield "has no description"
    for word in unwanted_words(text):
        yield f"has `{word}` in its description"


def _missing_values(kind: ActivityType, catalogue: Catalogue) -> Iterator[str]:
    parts = [part for part in kind.sentence.parts if not part.is_optional]
    for name in sorted({text for part in parts for is_name, text in part.pieces if is_name}):
        if not _is_always_there(name, kind, catalogue):
            yield f"has `{{{name}}}` outside brackets in its sentence, although the value may be missing"


def _is_always_there(name: str, kind: ActivityType, catalogue: Catalogue) -> bool:
    if name == "actor":
        return True
    if name == "target":
        return any(_is_sure(spec) and _is_a_target(field, catalogue) for field, spec in kind.fields.items())
    root, *path = name.split(".")
    spec = kind.fields.get(root)
    for step in path:
        if spec is None or not _is_sure(spec):
            return False
        spec = spec.fields.get(step)
    return spec is not None and _is_sure(spec)


def _is_a_target(name: str, catalogue: Catalogue) -> bool:
    """Return whether a field always names the user whom an activity affects."""
    stored = catalogue.fields.get(name)
    return stored is not None and (stored.ecs or "").startswith(_TARGET) and stored.when is None


def _is_sure(spec: FieldSpec) -> bool:
    return spec.is_required and not spec.is_nullable


def _places(kind: ActivityType, catalogue: Catalogue) -> Iterator[str]:
    for name in kind.fields:
        if name not in catalogue.fields:
            yield f"has the field `{name}`, which fields.yaml does not have"


def _outcomes(kind: ActivityType, catalogue: Catalogue) -> Iterator[str]:
    del catalogue
    rule = kind.outcome_rule
    if rule is not None and rule.path[0] not in kind.fields and not kind.is_partial:
        yield f"has an outcome rule for `{'.'.join(rule.path)}`, which is not one of its fields"


def _enums(kind: ActivityType, catalogue: Catalogue) -> Iterator[str]:
    del catalogue
    for path, spec in specs_of(kind.fields):
        if spec.kind != "enum":
            continue
        if not spec.values and not spec.has_more_values:
            yield f"has the enum `{path}` without any value"
        alike = defaultdict(set)
        for value in spec.values:
            alike[value.lower().replace("-", "_")].add(value)
        for values in alike.values():
            if len(values) > 1:
                yield f"has the enum `{path}` with values that differ in spelling only: {', '.join(sorted(values))}"


_CHECKS: tuple[Callable[[ActivityType, Catalogue], Iterator[str]], ...] = (
    _missing_values,
    _places,
    _outcomes,
    _enums,
)


def _same_descriptions(kinds: Iterable[ActivityType]) -> Iterator[tuple[ActivityType, ActivityType]]:
    first: dict[str, ActivityType] = {}
    for kind in kinds:
        if kind.description and first.setdefault(kind.description.casefold(), kind) is not kind:
            yield first[kind.description.casefold()], kind


def _fields(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for name, stored in catalogue.fields.items():
        for what in _field(stored, catalogue):
            yield name, what
    for first, second in slips(catalogue.fields):
        yield second, f"is spelled almost like `{first}`"


def _field(stored: AuditField, catalogue: Catalogue) -> Iterator[str]:
    yield from _description(stored.description)
    for target in filter(None, (stored.ecs, *stored.copies.values())):
        if target not in catalogue.ecs_fields:
            yield f"moves to `{target}`, which ecs.yaml does not have"
    for other in stored.only_for:
        if other not in catalogue.types:
            yield f"has the unknown type `{other}` in `only_for`"
    if stored.when and stored.when[0] not in catalogue.fields:
        yield f"has the unknown field `{stored.when[0]}` in `when`"


def _actors(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for name, kind in catalogue.actors.items():
        for what in _description(kind.description):
            yield name, what
        if not kind.name_template:
            yield name, "has no name"
        for target in (*kind.moves.values(), *kind.copies.values()):
            if target not in catalogue.ecs_fields:
                yield name, f"has a member that moves to `{target}`, which ecs.yaml does not have"
        for member in kind.fields.keys() - catalogue.actor_fields.keys() - MOVED_OF_ANY - kind.moves.keys():
            yield name, f"has the member `{member}`, which fields.yaml does not have"


def _other_fields(catalogue: Catalogue) -> Iterator[tuple[tuple[str, ...], str]]:
    sections: Mapping[tuple[str, str], Mapping[str, object]] = {
        ("fields.yaml", "actor"): catalogue.actor_fields,
        ("fields.yaml", "own"): catalogue.own_fields,
        ("ecs.yaml", "fields"): catalogue.ecs_fields,
    }
    for keys, fields in sections.items():
        for name, stored in fields.items():
            for what in _description(getattr(stored, "description", "")):
                yield (*keys, name), what


def specs_of(fields: Mapping[str, FieldSpec], path: str = "") -> Iterator[tuple[str, FieldSpec]]:
    """Yield every field with its path, including members of objects and of their variants."""
    for name, spec in fields.items():
        here = f"{path}{name}"
        yield here, spec
        yield from specs_of(spec.fields, f"{here}.")
        for variant in spec.variants:
            yield from specs_of(variant, f"{here}.")


def slips(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names of which one is probably misspelled.

    They differ in an underscore, or in one letter of a word with at least `_MIN_SLIP_CHARS` characters.
    """
    plain: dict[str, str] = {}
    near: list[tuple[str, str]] = []
    frames: dict[tuple[str, ...], Set[str]] = defaultdict(set)
    for name in sorted(names):
        if plain.setdefault(name.replace("_", ""), name) != name:
            near.append((plain[name.replace("_", "")], name))
        words = name.split("_")
        for index, word in enumerate(words):
            if len(word) >= _MIN_SLIP_CHARS:
                frames[(*words[:index], "", *words[index + 1 :])] |= {word}
    for frame, words_there in frames.items():
        for first, second in combinations(sorted(words_there), 2):
            if _differ_by_a_letter(first, second):
                near.append(tuple("_".join(word if part == "" else part for part in frame) for word in (first, second)))  # type: ignore[arg-type]  # two words make a pair
    return [pair for pair in near if pair not in _NO_SLIPS]


def _differ_by_a_letter(first: str, second: str) -> bool:
    """Return whether two words differ in one letter, exchanged, added or removed; a plural does not count."""
    short, long = sorted((first, second), key=len)
    if f"{short}s" == long or len(long) - len(short) > 1:
        return False
    start = next((index for index, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[start:] == long[start + 1 :] or short[start + 1 :] == long[start + 1 :]


def _place(kind: ActivityType) -> tuple[str, str]:
    return f"types/{kind.family}.yaml", kind.name


def _field_place(name: str, lines: Lines) -> str:
    section = next((one for one in _SECTIONS if lines.has("fields.yaml", one, name)), _SECTIONS[0])
    return lines.where("fields.yaml", section, name)


def _file_and_line(where: str) -> tuple[str, int]:
    file, _, line = where.partition(":")
    return file, int(line or 0)


UNWANTED_WORDS = frozenset({"anew", "anybody", "everybody", "lately", "nobody", "somebody", "tell", "tells", "told"})
"""Words that name no actor, such as "somebody", and words that read like a translation."""

_WORD = re.compile(r"[a-z]+")


def unwanted_words(text: str) -> list[str]:
    """Return the words of a text that are in `UNWANTED_WORDS`, in alphabetical order."""
    return sorted(UNWANTED_WORDS.intersection(_WORD.findall(text.lower())))
