"""The event that is translated to OCSF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anthropic_audit.documents import value_at

from .model import Json, OcsfRules
from .unmapped import Remainder, is_text


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """The input of all parts of a translation."""

    rules: OcsfRules
    rest: Remainder
    audit: Mapping[str, Json]
    """`anthropic.audit` of the document; it is kept whole in `unmapped`, so nothing is taken from it."""
    operation: str
    """The activity's type, or `unknown`."""
    identity: str | None
    tenant: str | None
    """The organization's UUID."""
    original_time: str | None
    """`created_at` of the activity as received, or None."""
    message: str
    """The sentence that describes the event."""

    def text(self, path: str) -> str | None:
        """Return the text (or the integer, as text) of a field of the activity, wherever the document stores it."""
        for members in (self.audit, self.audit.get("metadata")):
            value = value_at(members, path)
            if is_text(value):
                return str(value)
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        moved = self.rest.see(path)
        return moved if is_text(moved) else None
