"""What an event is about, by the ids and names that its activity has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .class_choice import ClassChoice
from .model import Coded, Json, OcsfTarget
from .source_event import SourceEvent

_MAX_WORDS: Final = 8
"""So many of the last words of a type's subject are looked at."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What an event is about."""

    called: str
    uid: str | None = None
    name: str | None = None
    is_a: Coded = (99, "Other")
    account: Coded | None = None

    def told(self) -> dict[str, Json]:
        """Return its id, name and kind; without both, the kind is its name."""
        name = self.name or (None if self.uid else self.called)
        return {key: value for key, value in (("uid", self.uid), ("name", name), ("type", self.called)) if value}


def resource_about(case: SourceEvent, choice: ClassChoice) -> Resource:
    """Return what the event is about, named by the type's own words when no field identifies it."""
    return found_resource(case, choice) or Resource(choice.words)


def found_resource(case: SourceEvent, choice: ClassChoice) -> Resource | None:
    """Return what the activity's fields say the event is about, or None.

    That is the value of the rule's field; else of the field named after the subject; else the first target that is
    there. The last only where the thing itself is read or changed: who deletes a workspace's rate limit does not
    delete the workspace.
    """
    rule = choice.rule
    if rule.field is not None:
        return resource_in(case, rule.field, rule.kind_from)
    own = next((thing for field in _own_fields(case, choice.subject) if (thing := resource_in(case, field))), None)
    return own or (any_resource(case) if choice.is_of_the_whole else None)


def any_resource(case: SourceEvent) -> Resource | None:
    """Return the first of the targets that the activity has, or None."""
    metadata = case.audit.get("metadata")
    fields = {**metadata, **case.audit} if isinstance(metadata, dict) else case.audit
    things = (resource_in(case, name) for name in case.rules.targets if name in fields)
    return next((thing for thing in things if thing), None)


def resource_in(case: SourceEvent, field: str, kind_from: str | None = None) -> Resource | None:
    """Return what the value of a field identifies, or None."""
    uid = case.text(field)
    if uid is None:
        return None
    kind = case.text(kind_from) if kind_from else None
    target = case.rules.targets.get(field) or OcsfTarget(called=field.removesuffix("_id").replace("_", " "))
    if target.is_name:
        return Resource(kind or target.called, None, uid, target.is_)
    name = None
    if target.name is not None:
        name = case.rest.take(target.name) if "." in target.name else case.text(target.name)
    return Resource(kind or target.called, uid, name, target.is_, target.account)


def _own_fields(case: SourceEvent, subject: str) -> Iterator[str]:
    """Yield the fields that may identify a subject: `project_file_id`, `claude_file_id` and so on."""
    words = subject.split("_")[-_MAX_WORDS:]
    for start in range(len(words)):
        stem = "_".join(words[start:])
        if stem in case.rules.aliases:
            yield case.rules.aliases[stem]
        yield f"{stem}_id"
        yield f"claude_{stem}_id"
