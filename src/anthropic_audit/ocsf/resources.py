"""The resource that an event is about, by the ids and names in its activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .class_choice import ClassChoice
from .model import Coded, Json, OcsfTarget
from .source_event import SourceEvent

_MAX_WORDS: Final = 8
"""Upper bound on the last words of a type's subject that are matched with fields."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: its kind in words, its id, its name, and its types as a managed entity and as a user."""

    called: str
    uid: str | None = None
    name: str | None = None
    is_a: Coded = (99, "Other")
    account: Coded | None = None

    def attributes(self) -> dict[str, Json]:
        """Return `uid`, `name` and `type`; without id and name, the kind is the name."""
        name = self.name or (None if self.uid else self.called)
        return {key: value for key, value in (("uid", self.uid), ("name", name), ("type", self.called)) if value}


def resource_about(source: SourceEvent, choice: ClassChoice) -> Resource:
    """Return the resource that the event is about; when no field identifies it, its kind is the type's subject."""
    return found_resource(source, choice) or Resource(choice.words)


def found_resource(source: SourceEvent, choice: ClassChoice) -> Resource | None:
    """Return the resource that the activity's fields identify, or None.

    The resource is the value of the rule's field, or else of the field named after the subject, or else the first
    target that the activity has. The last applies only when the resource itself is read or changed: an activity that
    deletes a workspace's rate limit does not delete the workspace.
    """
    rule = choice.rule
    if rule.field is not None:
        return resource_in(source, rule.field, rule.kind_from)
    own = next(
        (resource for field in _own_fields(source, choice.subject) if (resource := resource_in(source, field))), None
    )
    return own or (any_resource(source) if choice.affects_whole else None)


def any_resource(source: SourceEvent) -> Resource | None:
    """Return the first of the targets that the activity has, or None."""
    metadata = source.audit.get("metadata")
    fields = {**metadata, **source.audit} if isinstance(metadata, dict) else source.audit
    resources = (resource_in(source, name) for name in source.rules.targets if name in fields)
    return next((resource for resource in resources if resource), None)


def resource_in(source: SourceEvent, field: str, kind_from: str | None = None) -> Resource | None:
    """Return the resource that the value of a field identifies, or None.

    Args:
        source: The event.
        field: The field with the id or name.
        kind_from: The field with the kind of resource in words, or None.
    """
    uid = source.text(field)
    if uid is None:
        return None
    kind = source.text(kind_from) if kind_from else None
    target = source.rules.targets.get(field) or OcsfTarget(called=field.removesuffix("_id").replace("_", " "))
    if target.is_name:
        return Resource(kind or target.called, None, uid, target.is_)
    name = None
    if target.name is not None:
        name = source.rest.take(target.name) if "." in target.name else source.text(target.name)
    return Resource(kind or target.called, uid, name, target.is_, target.account)


def _own_fields(source: SourceEvent, subject: str) -> Iterator[str]:
    """Yield the fields that may identify a subject: `project_file_id`, `claude_file_id` and so on."""
    words = subject.split("_")[-_MAX_WORDS:]
    for start in range(len(words)):
        stem = "_".join(words[start:])
        if stem in source.rules.aliases:
            yield source.rules.aliases[stem]
        yield f"{stem}_id"
        yield f"claude_{stem}_id"
