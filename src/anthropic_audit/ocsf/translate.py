"""Translate ECS documents to events of the Open Cybersecurity Schema Framework: by tables; never fails, never drops.

Decisions of the document (actor, outcome, target) are taken over, so both outputs agree. Values without an attribute
in OCSF stay in `unmapped`; `anthropic.audit` is kept there whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from anthropic_audit.documents import value_at

from .class_choice import ClassChoice, choices_of, no_choice
from .depth import bounded
from .envelope import context_of, head_of, profiles_of
from .load import load_rules
from .model import Json, OcsfRules
from .observables import observables_of
from .source_event import SourceEvent, original_time
from .targets import Actor, Parts, parts_about
from .unmapped import Remainder, is_text
from .users import acting_user

_OF_ECS: Final = frozenset({"ecs", "data_stream"})
"""Parts of a document that describe the document itself, and not the activity."""

_SOMETHING: Final = "something happened"
_MAX_CACHED_TYPES: Final = 10_000


class Translator:
    """Translates by OCSF's rules; the choices of classes are cached by type."""

    def __init__(self, rules: OcsfRules) -> None:
        self._rules = rules
        self._choices: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[ClassChoice, ...]] = {}
        self._no_choice = no_choice(rules)

    def translate(
        self, document: Mapping[str, Json], message: str | None = None, raw: bytes | None = None
    ) -> dict[str, Json]:
        """Return the OCSF event of an ECS document.

        Args:
            document: The document, as the normalizer or a processor made it.
            message: The sentence that describes it; None for the words of its type.
            raw: The activity as received, for `metadata.original_time`; None to read `event.original`.
        """
        if "anthropic" in document:
            document = {**document, "anthropic": bounded(document["anthropic"])}
        source = _source_event(self._rules, document, message, raw)
        acting = acting_user(source)
        choice, about = self._chosen(source, acting)
        context = context_of(source, choice, acting)
        event = {**head_of(source, choice, profiles_of(choice, context)), **context, **about}
        observables = observables_of(event, source)
        if observables:
            event["observables"] = observables
        unmapped = source.rest.left()
        if "anthropic" in document:
            unmapped["anthropic"] = document["anthropic"]
        return {**event, "unmapped": unmapped} if unmapped else event

    def _chosen(self, source: SourceEvent, acting: Actor) -> tuple[ClassChoice, Parts]:
        """Return the first class whose required attributes the event has, and these attributes."""
        for choice in self._choices_of(source.rest):
            about = parts_about(source, choice, acting)
            if about is not None:
                return choice, about
        return self._no_choice, {}

    def _choices_of(self, rest: Remainder) -> tuple[ClassChoice, ...]:
        action = rest.see("event.action")
        if not is_text(action):
            return ()
        key = (action, _texts(rest.see("event.category")), _texts(rest.see("event.type")))
        found = self._choices.get(key)
        if found is None:
            if len(self._choices) >= _MAX_CACHED_TYPES:
                self._choices.clear()
            found = self._choices[key] = choices_of(self._rules, *key)
        return found


def to_ocsf(document: Mapping[str, Json], message: str | None = None, raw: bytes | None = None) -> dict[str, Json]:
    """Return the OCSF event of an ECS document, by the rules in this package.

    See `Translator.translate` for the arguments.
    """
    return _translator().translate(document, message, raw)


@cache
def _translator() -> Translator:
    return Translator(load_rules())


def _source_event(
    rules: OcsfRules, document: Mapping[str, Json], message: str | None, raw: bytes | None
) -> SourceEvent:
    action, identity = value_at(document, "event.action"), value_at(document, "event.id")
    found, original = value_at(document, "anthropic.audit"), value_at(document, "event.original")
    audit = found if isinstance(found, dict) else {}
    tenant = audit.get("organization_uuid")
    operation = action if is_text(action) else "unknown"
    reason = value_at(document, "error.message")
    words = operation.replace("_", " ") if is_text(action) else _SOMETHING
    return SourceEvent(
        rules=rules,
        rest=Remainder({name: part for name, part in document.items() if name not in _OF_ECS}),
        audit=audit,
        operation=operation,
        identity=identity if is_text(identity) else None,
        tenant=tenant if is_text(tenant) else None,
        original_time=original_time(audit, raw or (original if is_text(original) else None)),
        message=message or (reason if is_text(reason) else words),
    )


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
