"""Counts of the catalogue's contents, and a comparison with the published table of categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from .model import ActivityType, Catalogue

Categorization = tuple[frozenset[str], frozenset[str], str | None]
"""The values of `event.category`, of `event.type`, and the outcome, or None when an outcome rule decides."""


@dataclass(frozen=True, slots=True)
class CatalogueStatistics:
    """Counts of a catalogue's contents."""

    types: int
    """Known types; each is categorized by hand."""
    published: int
    """Known types that are also in the published table."""
    deviating: tuple[str, ...]
    """Types that we categorize differently; `docs/reference/deviations.md` has the reasons."""
    described: int
    """Types with a description."""
    told: int
    """Types with a sentence."""
    partial: int
    """Types for which the vendor documents more fields than the catalogue has."""
    sensitivities: Mapping[str, int]
    fields: int
    """Fields of activities."""
    exported_fields: int
    """Fields below `anthropic.audit`."""
    ecs_fields: int
    personal_fields: int
    actors: int
    families: int


def figures(catalogue: Catalogue) -> CatalogueStatistics:
    """Return the counts of a catalogue's contents."""
    kinds = list(catalogue.types.values())
    table = published()
    exported = catalogue.exported_fields()
    levels = [kind.sensitivity for kind in kinds]
    stored = [*exported.values(), *catalogue.ecs_fields.values()]
    return CatalogueStatistics(
        types=len(kinds),
        published=sum(kind.name in table for kind in kinds),
        deviating=tuple(kind.name for kind in kinds if kind.name in table and table[kind.name] != categorization(kind)),
        described=sum(bool(kind.description) for kind in kinds),
        told=sum(bool(kind.sentence) for kind in kinds),
        partial=sum(kind.is_partial for kind in kinds),
        sensitivities={level: levels.count(level) for level in ("routine", "notable", "critical")},
        fields=len(catalogue.fields),
        exported_fields=len(exported),
        ecs_fields=len(catalogue.ecs_fields),
        personal_fields=sum(field.is_personal for field in stored),
        actors=len(catalogue.actors),
        families=len({kind.family for kind in kinds}),
    )


def categorization(kind: ActivityType) -> Categorization:
    """Return the categorization of a type, in the form of the published table."""
    return frozenset(kind.category), frozenset(kind.type), kind.outcome


@cache
def published() -> Mapping[str, Categorization]:
    """Return the published table of categories by type; the file is in this package."""
    text = (resources.files(__package__) / "published.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {
        name: (frozenset(category.split(",")), frozenset(kind.split(",")), outcome)
        for name, category, kind, outcome in rows
    }
