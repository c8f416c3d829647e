"""`anthropic-audit catalogue show`: print all about a type, a field, or a kind of actor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated

import typer

from anthropic_audit.catalogue import ActivityType, ActorKind, Catalogue, FieldSpec, classify, load
from anthropic_audit.catalogue.notation_writer import write_field, write_rule, write_sentence
from anthropic_audit.catalogue.targets import places_of_field, places_of_member
from anthropic_audit.cli.options import TableOrJson
from anthropic_audit.cli.output import Heading, console, print_json, print_table
from anthropic_audit.errors import SetupError

Card = dict[str, object]
"""Facts about a type, field or kind of actor, by title; `fields` has a list of rows."""

_ROW = ("name", "kind", "where", "personal", "description")


def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A type, a field of activities or events, or a kind of actor.")
    ],
    guess: Annotated[
        bool,
        typer.Option("--guess", help="Print how a type that the catalogue lacks would be classified, by its name."),
    ] = False,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Show a type, field or actor kind, and its mapping to ECS."""
    catalogue = load()
    cards = [_guess(name)] if guess else [card for read in _READERS if (card := read(name, catalogue))]
    if not cards:
        raise _unknown(name, catalogue)
    if format is TableOrJson.JSON:
        print_json(cards[0] if len(cards) == 1 else cards)
        return
    for number, card in enumerate(cards):
        if number:
            console().print()
        _print(card)


def _type(name: str, catalogue: Catalogue) -> Card | None:
    kind = catalogue.types.get(name)
    if kind is None:
        return None
    return {
        "activity type": kind.name,
        "family": kind.family,
        "description": kind.description,
        "sentence": write_sentence(kind.sentence),
        "sensitivity": kind.sensitivity,
        "category": list(kind.category),
        "type": list(kind.type),
        "outcome": kind.outcome if kind.outcome_rule is None else write_rule(kind.outcome_rule),
        "actors": "all" if set(kind.actors) == set(catalogue.actors) else list(kind.actors),
        "is partial": kind.is_partial,
        "fields": [_row_of_field(field, spec, catalogue, kind) for field, spec in kind.fields.items()],
    }


def _field(name: str, catalogue: Catalogue) -> Card | None:
    """Return the card of a field of activities, or None."""
    kept = catalogue.fields.get(name)
    if kept is None:
        return None
    kinds = [kind for kind in catalogue.types.values() if name in kind.fields]
    shapes: dict[str, list[str]] = {}
    for kind in kinds:
        shapes.setdefault(_shape(kind.fields[name]), []).append(kind.name)
    return {
        "field of activities": name,
        "description": kept.description,
        "stored as": kept.type,
        "where": places_of_field(name, catalogue),
        "personal": kept.is_personal,
        "in types": len(kinds),
        "fields": [{"name": ", ".join(names), "kind": shape} for shape, names in shapes.items()],
    }


def _exported(name: str, catalogue: Catalogue) -> Card | None:
    """Return the card of a field of events, or None."""
    exported = {**catalogue.exported_fields(), **catalogue.ecs_fields}
    stored = exported.get(name)
    if stored is None:
        return None
    sources = [
        one for one in catalogue.fields if any(name in place.split() for place in places_of_field(one, catalogue))
    ]
    return {
        "field of events": name,
        "description": stored.description,
        "stored as": stored.type,
        "personal": stored.is_personal,
        "from fields": sources,
        "from actors": [f"{kind.name}.{one}" for kind in catalogue.actors.values() for one in _members_in(name, kind)],
    }


def _members_in(name: str, kind: ActorKind) -> Iterable[str]:
    return (one for one in kind.fields if any(name in place.split() for place in places_of_member(one, kind)))


def _actor(name: str, catalogue: Catalogue) -> Card | None:
    kind = catalogue.actors.get(name) or catalogue.actors.get(f"{name}_actor")
    if kind is None:
        return None
    return {
        "kind of actor": kind.name,
        "description": kind.description,
        "name": write_sentence(kind.name_template),
        "in types": sum(kind.name in one.actors for one in catalogue.types.values()),
        "fields": [_row_of_member(member, spec, kind, catalogue) for member, spec in kind.fields.items()],
    }


_READERS: tuple[Callable[[str, Catalogue], Card | None], ...] = (_type, _field, _exported, _actor)


def _guess(name: str) -> Card:
    meaning = classify(name)
    return {
        "activity type": name,
        "category": list(meaning.category),
        "type": list(meaning.type),
        "outcome": meaning.outcome,
        "by": "the rules for names that the catalogue lacks",
    }


def _row_of_field(name: str, spec: FieldSpec, catalogue: Catalogue, kind: ActivityType) -> Card:
    kept = catalogue.fields.get(name)
    return {
        "name": name,
        "kind": _shape(spec),
        "where": places_of_field(name, catalogue, kind),
        "personal": bool(kept and kept.is_personal),
        "description": kept.description if kept else "",
    }


def _row_of_member(name: str, spec: FieldSpec, kind: ActorKind, catalogue: Catalogue) -> Card:
    where = places_of_member(name, kind)
    stored = catalogue.actor_fields.get(name) or catalogue.ecs_fields.get(where[0])
    return {
        "name": name,
        "kind": _shape(spec),
        "where": where,
        "personal": bool(stored and stored.is_personal),
        "description": stored.description if stored else "",
    }


def _shape(spec: FieldSpec) -> str:
    written = write_field(spec)
    if isinstance(written, str):
        return written
    ((shape, variants),) = written.items()
    return f"{shape} {{{' | '.join(variants)}}}"


def _unknown(name: str, catalogue: Catalogue) -> SetupError:
    known: Mapping[str, object] = MappingProxyType(
        {
            **catalogue.types,
            **catalogue.fields,
            **catalogue.actors,
            **catalogue.exported_fields(),
            **catalogue.ecs_fields,
        }
    )
    near = get_close_matches(name, known, n=1)
    message = f"no type, field or actor with this name in the catalogue: `{name}`"
    guess = f"`catalogue show --guess {name}` shows how a type of this name is classified"
    return SetupError(message, hint=f"did you mean `{near[0]}`?" if near else guess)


def _print(card: Card) -> None:
    out = console()
    facts = {title: value for title, value in card.items() if title != "fields" and value not in ("", None, [], False)}
    width = max(map(len, facts))
    for title, value in facts.items():
        out.print(f"{title:<{width}}  {_fact_text(value)}", markup=False, soft_wrap=True)
    rows = card.get("fields")
    if isinstance(rows, list) and rows:
        out.print()
        _print_rows(rows)


def _print_rows(rows: Sequence[Card]) -> None:
    shown = [name for name in _ROW if any(row.get(name) for row in rows)]
    headings = [Heading(name, may_be_cut=name not in {"personal"}) for name in shown]
    print_table(headings, [[_cell(row.get(name)) for name in shown] for row in rows])


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, list) else "" if value is False else value


def _fact_text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "yes" if value is True else str(value)
