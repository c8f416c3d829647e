"""A document while it is being made: where values are put without touching what documents share."""

from __future__ import annotations

from .names import fit, put_member
from .values import Json, is_empty, pruned


class Draft:
    """A document whose parts may be shared with others: each change is made on a copy of its part."""

    __slots__ = ("_exact", "_flags", "audit", "document")

    def __init__(self, document: dict[str, Json], audit: dict[str, Json], exact: float) -> None:
        self.document = document
        self.audit = audit
        self._exact = exact
        self._flags: dict[str, list[str]] = {}
        """The lists of flags that are this draft's own, and may be added to."""

    def pruned(self, value: Json) -> Json:
        """Return a value without its empty parts.

        Raises:
            SpoiledError: It was not read exactly, or is nested too deep.
        """
        return pruned(value, self._exact)

    def put(self, path: tuple[str, ...], value: Json) -> bool:
        """Set an ECS field unless it is taken; return whether it is set."""
        *above, name = path
        place = self.document
        for part in above:
            place[part] = place = dict(place[part]) if part in place else {}
        if name in place:
            return False
        place[name] = value
        return True

    def relate(self, kind: str, values: Json) -> None:
        """Add texts to a list of `related`, each once."""
        related = self.document.get("related", {})
        found = related.get(kind, [])
        more = [value for value in (values if isinstance(values, list) else (values,)) if type(value) is str]
        if more:
            together = list(dict.fromkeys([*found, *more]))
            if len(together) > len(found):
                self.document["related"] = {**related, kind: together}

    def set_aside(self, name: str, value: Json) -> None:
        """Keep a value in the catch-all."""
        metadata = self.audit.get("metadata")
        if metadata is None:
            self.audit["metadata"] = metadata = {}
        put_member(metadata, name, value)

    def set_aside_mistyped(self, name: str, value: Json) -> None:
        """Keep a value that does not fit its field in the catch-all, and say so; nothing if it is empty."""
        kept = self.pruned(value)
        if not is_empty(kept):
            self.set_aside(name, kept)
            self.flag("mistyped_fields", name)

    def flag(self, kind: str, name: str) -> None:
        """Add to a list of what the catalogue did not expect."""
        own = self._flags.get(kind)
        if own is None:
            flags = self.audit["catalogue"]
            own = self._flags[kind] = list(flags.get(kind, ()))
            self.audit["catalogue"] = {**flags, kind: own}
        own.append(fit(name))
