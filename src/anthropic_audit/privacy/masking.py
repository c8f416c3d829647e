"""Mask personal data for viewers; investigators see everything."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Final, Protocol

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.errors import QueryError
from anthropic_audit.query import AllOf, AnyOf, Condition, Not, Query, Word

from .field_names import FieldNames, trie
from .rewrite import RewriteFields

Document = dict[str, Any]

_REPEATING: Final = ("related.", "anthropic.audit.metadata.", "anthropic.audit.setting_metadata.")
_TELLING: Final = frozenset(
    {"anthropic.audit.actor.name", "event.original", "message", "error.message", "event.id", "url.path"}
)
"""Fields that repeat values of personal fields, or hold free text."""
_HINT: Final = "viewers can query fields without personal data only; investigators can query all fields"


class Masking(Protocol):
    """What a role may see of events, and may query."""

    sees_everything: bool

    def document(self, document: Document) -> Document:
        """Return a document with its personal data masked, if the role requires it."""
        ...

    def value(self, field: str, value: str) -> str:
        """Return a field's value, masked if the role requires it."""
        ...

    def check(self, query: Query) -> None:
        """Accept a query that the role may run.

        Raises:
            QueryError: The query's result would reveal masked data.
        """
        ...

    def hides(self, field: str) -> bool:
        """Return whether a field's values are masked."""
        ...


class Unmasked:
    """Masks nothing."""

    sees_everything = True

    def document(self, document: Document) -> Document:
        """Return the document itself."""
        return document

    def value(self, field: str, value: str) -> str:
        """Return the value itself."""
        del field
        return value

    def check(self, query: Query) -> None:
        """Accept every query."""

    def hides(self, field: str) -> bool:
        """Return False."""
        del field
        return False


class Masked:
    """Replaces personal data by words; a value has the same word as long as the process runs."""

    sees_everything = False

    def __init__(self, catalogue: Catalogue, key: bytes) -> None:
        names = FieldNames(catalogue).personal()
        self._personal = frozenset(names)
        self._key = key
        self._change: Callable[[Document], Document] = RewriteFields(trie(names), self._mask)

    def document(self, document: Document) -> Document:
        """Return a document without personal data and without `event.original`."""
        shown = self._change(document)
        event = {name: value for name, value in shown.get("event", {}).items() if name != "original"}
        return {**shown, "event": event}

    def value(self, field: str, value: str) -> str:
        """Return the masked word of a personal value, or the value of another field."""
        return self._mask(value) if self.hides(field) else value

    def check(self, query: Query) -> None:
        """Accept a query that compares fields without personal data only.

        Raises:
            QueryError: A condition compares personal data, by a field or by a word without a field.
        """
        match query:
            case Condition(field=field):
                if self.hides(field):
                    message = f"`{field}` holds personal data"
                    raise QueryError(message, hint=_HINT)
            case Word():
                message = "a word without a field also searches personal data"
                raise QueryError(message, hint=_HINT)
            case Not(part):
                self.check(part)
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    self.check(part)

    def hides(self, field: str) -> bool:
        """Return whether a field holds personal data, or may repeat it."""
        return (
            field in _TELLING
            or field.startswith(_REPEATING)
            or any(field == one or field.startswith(f"{one}.") or one.startswith(f"{field}.") for one in self._personal)
        )

    def _mask(self, value: str) -> str:
        return f"masked-{hmac.digest(self._key, value.encode(errors='surrogatepass'), 'sha256').hex()[:8]}"
