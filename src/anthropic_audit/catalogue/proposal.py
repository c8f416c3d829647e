"""Propose entries for the catalogue's files, in its own notation, from drift."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .classify import classify
from .drift import MissingKind, Sighting
from .inference import WORD, ObservedValues
from .model import Catalogue, FieldSpec
from .notation_writer import Written, write_field

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NO_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that YAML does not read as text."""
_VERB = re.compile(r".*ed|sent|left|read|run|shown")
_ESCAPED = '"\\'
_OTHER_FAMILY = "organization"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Lines for one file of the catalogue."""

    file: str
    how: str
    """Where the lines belong: `append` for the end of the file, or the key to insert them below."""
    text: str


def propose(sightings: Sequence[Sighting], catalogue: Catalogue) -> list[Proposal]:
    """Return the lines that add the missing entries to the catalogue."""
    return [
        *_types(sightings, catalogue),
        *_new_fields(sightings, catalogue),
        *_changed_types(sightings, catalogue),
        *_actors(sightings, catalogue),
    ]


def write_proposals(proposals: Iterable[Proposal]) -> str:
    """Return proposals as one text, each below a comment with its file and place."""
    return "\n".join(f"# {one.file}: {one.how}\n{one.text}" for one in proposals)


def family_of(name: str, catalogue: Catalogue) -> str:
    """Return the most likely family of a new type: the family of most types that begin with the same words."""
    words = name.split("_")
    for end in range(len(words) - 1, 0, -1):
        beginning = "_".join(words[:end]) + "_"
        families = Counter(kind.family for kind in catalogue.types.values() if kind.name.startswith(beginning))
        if families:
            return families.most_common(1)[0][0]
    return _OTHER_FAMILY


def _types(sightings: Sequence[Sighting], catalogue: Catalogue) -> Iterator[Proposal]:
    entries: dict[str, list[str]] = {}
    for one in _only(sightings, MissingKind.TYPE):
        entries.setdefault(family_of(one.key.name, catalogue), []).append(_type(one, catalogue))
    for family, texts in sorted(entries.items()):
        yield Proposal(f"types/{family}.yaml", "append", "\n".join(sorted(texts)))


def _type(one: Sighting, catalogue: Catalogue) -> str:
    name, meaning = one.key.name, classify(one.key.name)
    fields = {field: seen.spec(of=one.times) for field, seen in sorted(one.fields.items())}
    actors = [kind for kind in catalogue.actors if kind in one.actors]
    lines = [
        f"{_key(name)}:",
        f"  description: {_quoted(_description(name))}",
        f"  sentence: {_quoted(_sentence(name, fields))}",
        "  sensitivity: notable",
        f"  category: [{', '.join(meaning.category)}]",
        f"  type: [{', '.join(meaning.type)}]",
        f"  outcome: {meaning.outcome}",
        f"  actors: {'[' + ', '.join(actors) + ']' if actors else 'all'}",
    ]
    if fields:
        lines += ["  fields:", *_field_lines(fields)]
    return "\n".join(lines) + "\n"


def _description(name: str) -> str:
    subject, verb = _subject_and_verb(name)
    return f"{subject} {verb}; not documented yet.".capitalize()


def _sentence(name: str, fields: dict[str, FieldSpec]) -> str:
    subject, verb = _subject_and_verb(name)
    sure = [
        field for field, spec in fields.items() if spec.is_required and not spec.is_nullable and WORD.fullmatch(field)
    ]
    identifier = next((field for field in sure if field.endswith("_id") and fields[field].kind == "string"), None)
    shown = f" {{{identifier}}}" if identifier and re.fullmatch(r"[a-z0-9_]+", identifier) else ""
    return f"{{actor}} {verb} {subject}{shown}"


def _subject_and_verb(name: str) -> tuple[str, str]:
    words = [word for word in re.sub(r"[^A-Za-z0-9]+", " ", name).split() if word]
    if len(words) > 1 and _VERB.fullmatch(words[-1]):
        return " ".join(words[:-1]), words[-1]
    return " ".join(words) or "something", "did"


def _new_fields(sightings: Sequence[Sighting], catalogue: Catalogue) -> Iterator[Proposal]:
    """Propose entries for fields that fields.yaml lacks, each with the type of the values in its first sighting."""
    found: dict[str, ObservedValues] = {}
    for one in sightings:
        if one.key.lack is MissingKind.TYPE:
            for name, seen in one.fields.items():
                found.setdefault(name, seen)
        elif one.key.lack is MissingKind.FIELD and "." not in one.key.name:
            found.setdefault(one.key.name, one.seen)
    missing = {name: seen for name, seen in sorted(found.items()) if name not in catalogue.fields}
    if missing:
        lines = [_stored(name, seen) for name, seen in missing.items()]
        yield Proposal("fields.yaml", "insert below `newer:`", "\n".join(lines) + "\n")


def _stored(name: str, seen: ObservedValues) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", " ", name).strip() or "something"
    described = _quoted(f"{words.capitalize()}; not documented yet")
    return f"  {_key(name)}: {{type: {seen.stored_as()}, description: {described}}}"


def _changed_types(sightings: Sequence[Sighting], catalogue: Catalogue) -> Iterator[Proposal]:
    """Propose new notations for fields of known types that had undocumented members or values."""
    known = {name: kind.fields for name, kind in catalogue.types.items()}
    for owner, specs in sorted(_changed(sightings, MissingKind.FIELD, known).items()):
        file = f"types/{catalogue.types[owner].family}.yaml"
        yield Proposal(file, f"below `{owner}: fields:`", "\n".join(_field_lines(specs)) + "\n")


def _changed(
    sightings: Sequence[Sighting], lack: MissingKind, known: Mapping[str, Mapping[str, FieldSpec]]
) -> dict[str, dict[str, FieldSpec]]:
    """Return the fields that are new, or have new values or members, by type or kind of actor."""
    changed: dict[str, dict[str, FieldSpec]] = {}
    for one in sightings:
        owner, (name, *path) = one.key.owner, one.key.name.split(".")
        is_value = one.key.lack is MissingKind.VALUE and bool(WORD.fullmatch(one.key.value))
        if owner not in known or not (is_value or one.key.lack is lack):
            continue
        fields = changed.setdefault(owner, {})
        before = fields.get(name) or known[owner].get(name)
        fields[name] = (
            _with_value(before, path, one.key.value) if is_value and before else _with(before, path, one.seen)
        )
    return changed


def _with(spec: FieldSpec | None, path: list[str], seen: ObservedValues) -> FieldSpec:
    """Return a field with one more member; objects with variants are not changed."""
    if spec is None:
        return replace(seen.spec(of=0), is_required=False)
    if spec.variants or not path or not WORD.fullmatch(path[0]):
        return spec
    return replace(spec, fields={**spec.fields, path[0]: _with(spec.fields.get(path[0]), path[1:], seen)})


def _with_value(spec: FieldSpec, path: list[str], value: str) -> FieldSpec:
    """Return a field with one more enum value; in an object with variants, the value becomes another variant."""
    if not path:
        return replace(spec, values=tuple(sorted({*spec.values, value})))
    step, rest = path[0], path[1:]
    if spec.variants and not rest:
        others = {name: FieldSpec("unknown", is_nullable=True) for name in spec.variants[0] if name != step}
        new = {**others, step: FieldSpec("enum", is_required=True, values=(value,))}
        return replace(spec, variants=(*spec.variants, new))
    if step in spec.fields:
        return replace(spec, fields={**spec.fields, step: _with_value(spec.fields[step], rest, value)})
    return spec


def _actors(sightings: Sequence[Sighting], catalogue: Catalogue) -> Iterator[Proposal]:
    entries = []
    for one in _only(sightings, MissingKind.ACTOR):
        members = {name: seen.spec(of=one.times) for name, seen in sorted(one.fields.items())}
        words = one.key.name.removesuffix("_actor").replace("_", " ")
        head = [f"{_key(one.key.name)}:", f"  description: {_quoted(f'{words.capitalize()}; not documented yet')}"]
        entries.append("\n".join([*head, f"  name: {_quoted(words)}", "  fields:", *_field_lines(members)]))
    if entries:
        yield Proposal("actors.yaml", "append", "\n\n".join(sorted(entries)) + "\n")
    known = {name: kind.fields for name, kind in catalogue.actors.items()}
    for owner, specs in sorted(_changed(sightings, MissingKind.MEMBER, known).items()):
        yield Proposal("actors.yaml", f"below `{owner}: fields:`", "\n".join(_field_lines(specs)) + "\n")
    stored = {name: seen for name, seen in _members(sightings) if name not in catalogue.actor_fields}
    if stored:
        lines = [_stored(name, seen) for name, seen in sorted(stored.items())]
        yield Proposal("fields.yaml", "insert below `actor:`", "\n".join(lines) + "\n")


def _members(sightings: Sequence[Sighting]) -> Iterator[tuple[str, ObservedValues]]:
    for one in _only(sightings, MissingKind.ACTOR):
        yield from one.fields.items()
    for one in _only(sightings, MissingKind.MEMBER):
        if "." not in one.key.name:
            yield one.key.name, one.seen


def _only(sightings: Iterable[Sighting], lack: MissingKind) -> Iterator[Sighting]:
    return (one for one in sightings if one.key.lack is lack)


def _field_lines(fields: dict[str, FieldSpec]) -> Iterator[str]:
    for name, spec in fields.items():
        yield from _field(name, write_field(spec))


def _field(name: str, written: Written) -> Iterator[str]:
    if isinstance(written, str):
        yield f"    {_key(name)}: {written}"
        return
    yield f"    {_key(name)}:"
    for shape, variants in written.items():
        yield f"      {shape}:"
        yield from (f"        - {variant}" for variant in variants)


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.lower() not in _NO_WORDS else _quoted(name)


def _quoted(text: str) -> str:
    """Return a text as a double-quoted scalar of YAML, whatever characters it has."""
    characters = [
        f"\\{char}" if char in _ESCAPED else char if " " <= char <= "~" else f"\\U{ord(char):08x}" for char in text
    ]
    return f'"{"".join(characters)}"'
