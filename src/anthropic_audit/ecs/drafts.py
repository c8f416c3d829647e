"""A document under construction: values are added without changing the parts that documents share."""

from __future__ import annotations

from .names import fit, put_member
from .values import Json, is_empty, pruned


class Draft:
    """A document whose parts may be shared with other documents: each change copies the part that it changes."""

    __slots__ = ("_exact", "_flags", "audit", "document")

    def __init__(self, document: dict[str, Json], audit: dict[str, Json], exact: float) -> None:
        self.document = document
        self.audit = audit
        self._exact = exact
        self._flags: dict[str, list[str]] = {}
        """The lists of flags that belong to this draft alone, and may be changed."""

    def pruned(self, value: Json) -> Json:
        """Return a value without its empty parts.

        Raises:
            SpoiledError: The value was not read exactly, or is nested too deep.
        """
        return pruned(value, self._exact)

    def put(self, path: tuple[str, ...], value: Json) -> bool:
        """Set an ECS field unless it has a value; return whether it was set."""
        *above, name = path
        members = self.document
        for part in above:
            members[part] = members = dict(members[part]) if part in members else {}
        if name in members:
            return False
        members[name] = value
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
        """Store a value below `anthropic.audit.metadata`, which takes any value."""
        metadata = self.audit.get("metadata")
        if metadata is None:
            self.audit["metadata"] = metadata = {}
        put_member(metadata, name, value)

    def set_aside_mistyped(self, name: str, value: Json) -> None:
        """Store a value that does not fit its field below `metadata`, and flag it; ignore an empty value."""
        stored = self.pruned(value)
        if not is_empty(stored):
            self.set_aside(name, stored)
            self.flag("mistyped_fields", name)

    def flag(self, kind: str, name: str) -> None:
        """Add a name to a list of flags below `anthropic.audit.catalogue`, such as `unknown_fields`."""
        own = self._flags.get(kind)
        if own is None:
            flags = self.audit["catalogue"]
            own = self._flags[kind] = list(flags.get(kind, ()))
            self.audit["catalogue"] = {**flags, kind: own}
        own.append(fit(name))
