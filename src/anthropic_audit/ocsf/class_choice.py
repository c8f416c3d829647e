"""The OCSF classes that an activity type can become, with the activity in each class's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from .model import ClassContent, Coded, EventClass, MappingRule, OcsfRules

_ABOUT_USERS: Final = frozenset({ClassContent.USER, ClassContent.USER_PRIVILEGES, ClassContent.GROUP})
_UNKNOWN: Final[Coded] = (0, "Unknown")
_OTHER: Final[Coded] = (99, "Other")
_CLASS_FACTOR: Final = 100
"""`type_uid` is the number of the class, followed by two digits for the activity."""


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """One class that an activity type can become."""

    event_class: EventClass
    rule: MappingRule
    subject: str
    """The type's name without its verb: `claude_project_document` of `claude_project_document_deleted`."""
    activity_id: int
    activity_name: str
    type_name: str
    affects_whole: bool = False
    """True when an activity on a part of a resource is an activity on the resource itself."""

    @property
    def type_uid(self) -> int:
        """The number of the class and the activity together."""
        return self.event_class.uid * _CLASS_FACTOR + self.activity_id

    @property
    def words(self) -> str:
        """The subject in words."""
        return self.subject.replace("_", " ")

    @property
    def is_conditional(self) -> bool:
        """True when an event of the type can lack attributes that the class requires."""
        return bool(self.rule.when) or self.event_class.about in _ABOUT_USERS


def choices_of(rules: OcsfRules, name: str, categories: Sequence[str], kinds: Sequence[str]) -> tuple[ClassChoice, ...]:
    """Return the classes that a type can become, the best first; the last one accepts every event.

    Args:
        rules: The rules.
        name: The activity type.
        categories: The values of `event.category`.
        kinds: The values of `event.type`.
    """
    return tuple(_choices(rules, name, frozenset(categories), kinds))


def no_choice(rules: OcsfRules) -> ClassChoice:
    """Return the choice for an event without a type: the base event."""
    rule = MappingRule(types=(), event_class="base_event")
    return ClassChoice(rules.classes["base_event"], rule, "", *_UNKNOWN, type_name="Base Event: Unknown")


def _choices(rules: OcsfRules, name: str, categories: frozenset[str], kinds: Sequence[str]) -> Iterator[ClassChoice]:
    verb, subject = verb_of(rules, name)
    word = verb or next((rules.kinds[kind] for kind in kinds if kind in rules.kinds), name.rpartition("_")[2])
    for rule in rules.rules:
        if not any(fnmatchcase(name, pattern) for pattern in rule.types):
            continue
        if rule.categories and not rule.categories & categories:
            continue
        done = rule.activity or word
        choice = _choice(rules.classes[rule.event_class], rule, subject, done)
        yield replace(choice, affects_whole=done in rules.of_the_whole)
        if not choice.is_conditional:
            return


def _choice(event_class: EventClass, rule: MappingRule, subject: str, word: str) -> ClassChoice:
    known = event_class.activities.get(word)
    number, of_schema = known or _OTHER
    name = of_schema if known else word.replace("_", " ").title() or of_schema
    return ClassChoice(event_class, rule, subject, number, name, type_name=f"{event_class.name}: {of_schema}")


def verb_of(rules: OcsfRules, name: str) -> tuple[str | None, str]:
    """Return our word for the verb in a type's name (or None), and the rest of the name."""
    endings = ((ending, verb) for verb, endings in rules.verbs.items() for ending in endings)
    fitting = [(ending, verb) for ending, verb in endings if name.endswith(f"_{ending}")]
    if not fitting:
        return None, name
    ending, verb = max(fitting, key=lambda one: len(one[0]))
    return verb, name.removesuffix(f"_{ending}")
