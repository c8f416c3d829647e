"""The catalogue: activity types, fields and actors as data."""

from .classify import Meaning, classify
from .load import load, read_catalogue
from .model import ActivityType, ActorKind, AuditField, Catalogue, FieldSpec, OutcomeRule, StoredField
from .sentences import Sentence

__all__ = [
    "ActivityType",
    "ActorKind",
    "AuditField",
    "Catalogue",
    "FieldSpec",
    "Meaning",
    "OutcomeRule",
    "Sentence",
    "StoredField",
    "classify",
    "load",
    "read_catalogue",
]
