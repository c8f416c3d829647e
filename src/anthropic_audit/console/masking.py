"""What somebody may see: an investigator everything, a viewer everything but personal data."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Final, Protocol

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.errors import QueryError
from anthropic_audit.processors.field_names import FieldNames, trie
from anthropic_audit.processors.rewrite import RewriteFields
from anthropic_audit.search import AllOf, AnyOf, Condition, Not, Query, Word

Document = dict[str, Any]

_REPEATING: Final = ("related.", "anthropic.audit.metadata.", "anthropic.audit.setting_metadata.")
_TELLING: Final = frozenset(
    {"anthropic.audit.actor.name", "event.original", "message", "error.message", "event.id", "url.path"}
)
"""Fields that repeat what others say, or hold a text of any kind."""
_HINT: Final = "viewers can query fields without personal data only; investigators can query all fields"


class Masking(Protocol):
    """Through which somebody looks at events."""

    sees_everything: bool

    def document(self, document: Document) -> Document:
        """Return a document as it may be seen."""
        ...

    def value(self, field: str, value: str) -> str:
        """Return a field's value as it may be seen."""
        ...

    def check(self, query: Query) -> None:
        """Accept what may be asked.

        Raises:
            QueryError: It would tell what may not be seen.
        """
        ...

    def hides(self, field: str) -> bool:
        """Say whether a field's values are masked."""
        ...


class Unmasked:
    """Shows everything."""

    sees_everything = True

    def document(self, document: Document) -> Document:
        """Return the document itself."""
        return document

    def value(self, field: str, value: str) -> str:
        """Return the value itself."""
        del field
        return value

    def check(self, query: Query) -> None:
        """Accept any query."""

    def hides(self, field: str) -> bool:
        """Say no."""
        del field
        return False


class Masked:
    """Shows personal data as a word that is the same for the same value, as long as the process lives."""

    sees_everything = False

    def __init__(self, catalogue: Catalogue, key: bytes) -> None:
        names = FieldNames(catalogue).personal()
        self._personal = frozenset(names)
        self._key = key
        self._change: Callable[[Document], Document] = RewriteFields(trie(names), self._mask)

    def document(self, document: Document) -> Document:
        """Return a document without personal data, and without the text as received."""
        shown = self._change(document)
        event = {name: value for name, value in shown.get("event", {}).items() if name != "original"}
        return {**shown, "event": event}

    def value(self, field: str, value: str) -> str:
        """Return what stands for a value."""
        return self._mask(value) if self.hides(field) else value

    def check(self, query: Query) -> None:
        """Accept comparisons of fields that are shown.

        Raises:
            QueryError: One asks for personal data, by a field or by words.
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
        """Say whether a field is personal, or may repeat what is."""
        return (
            field in _TELLING
            or field.startswith(_REPEATING)
            or any(field == one or field.startswith(f"{one}.") or one.startswith(f"{field}.") for one in self._personal)
        )

    def _mask(self, value: str) -> str:
        return f"masked-{hmac.digest(self._key, value.encode(errors='surrogatepass'), 'sha256').hex()[:8]}"
