"""The chain of processors that the settings describe."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.errors import SetupError
from anthropic_audit.privacy.field_names import FieldNames, Trie, trie
from anthropic_audit.privacy.rewrite import Replace, RewriteFields
from anthropic_audit.redact import Secret
from anthropic_audit.settings import (
    AddLabels,
    AddTags,
    DropEvents,
    DropFields,
    HashFields,
    ProcessorSettings,
    RedactFields,
)

from .conditions import EventCondition

Document = dict[str, Any]
Act = Callable[[Document], Document | None]
"""Returns the processed document, or None when it is dropped."""


class Processors:
    """A chain of processors: each processes the result of the one before.

    Args:
        steps: For each processor, the condition on documents, and the function that processes them.
    """

    def __init__(self, steps: Iterable[tuple[EventCondition, Act]] = ()) -> None:
        self._steps = tuple(steps)
        self.dropped = 0
        """The number of events that were dropped."""

    def __bool__(self) -> bool:
        """Return whether there are processors."""
        return bool(self._steps)

    def process(self, document: Document) -> Document | None:
        """Return the processed document: itself when no processor changes it, and None when it is dropped."""
        for when, act in self._steps:
            if when.holds(document):
                changed = act(document)
                if changed is None:
                    self.dropped += 1
                    return None
                document = changed
        return document


def open_processors(
    processors: Sequence[ProcessorSettings], catalogue: Catalogue, key_of: Callable[[HashFields], Secret]
) -> Processors:
    """Return the chain that the settings describe.

    Args:
        processors: The settings of each processor, in order.
        catalogue: The catalogue, for the names of fields and personal data.
        key_of: Returns the key of a processor that hashes.

    Raises:
        SetupError: A field is unknown, or a key is missing; the message has the number of the processor.
    """
    names = FieldNames(catalogue)
    steps = []
    for number, processor in enumerate(processors, start=1):
        try:
            names.meant_by(processor.when)
            steps.append((EventCondition(processor.when), _act(processor, names, key_of)))
        except SetupError as error:
            message = f"processor {number} (`{processor.do}`): {error}"
            raise SetupError(message, hint=error.hint) from error
    return Processors(steps)


def _act(processor: ProcessorSettings, names: FieldNames, key_of: Callable[[HashFields], Secret]) -> Act:
    match processor:
        case DropEvents():
            return lambda _: None
        case AddTags():
            return lambda document: {**document, "tags": _joined(document.get("tags"), processor.tags)}
        case AddLabels():
            return lambda document: {**document, "labels": {**document.get("labels", {}), **processor.labels}}
        case DropFields():
            return RewriteFields(_fields(processor, names), None)
        case RedactFields():
            return RewriteFields(_fields(processor, names), lambda _: processor.mark)
        case HashFields():
            return RewriteFields(_fields(processor, names), _hashing(key_of(processor)))


def _fields(processor: DropFields | RedactFields | HashFields, names: FieldNames) -> Trie:
    return trie({**names.meant_by(processor.fields), **(names.personal() if processor.personal else {})})


def _hashing(key: Secret) -> Replace:
    """Return a function that hashes a text with HMAC-SHA256 to 64 hexadecimal digits."""
    secret = key.reveal().encode()
    return lambda text: hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def _joined(tags: Any, more: Sequence[str]) -> list[str]:  # noqa: ANN401 - any value of a document
    return list(dict.fromkeys([*(tags or ()), *more]))
