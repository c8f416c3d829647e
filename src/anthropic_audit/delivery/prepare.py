"""What is done to events on their way out: processors, another form, and the namespace of a data stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

import orjson
import pyarrow as pa

from anthropic_audit.model import Parcel
from anthropic_audit.processors import Processors

Write = Callable[[dict[str, Any]], bytes]
"""Writes a document."""

_STREAM = '"data_stream":{"dataset":"anthropic.audit","namespace":"default"'
"""How documents are stored: unescaped quotes stand nowhere but around members, so it is found once."""


class Prepare:
    """Makes parcels of stored events; those that processors drop are left out.

    Args:
        processors: The chain of the settings.
        write: Writes a document in another form than ECS as it is stored, or None.
        namespace: That of the data stream events go to; the field must say the same.
    """

    def __init__(self, processors: Processors, write: Write | None = None, namespace: str | None = None) -> None:
        self._processors = processors
        self._write = write or orjson.dumps
        self._is_as_stored = not processors and write is None
        self._namespace = namespace if namespace != "default" else None

    def parcels(self, events: pa.Table) -> list[Parcel]:
        """Return what is sent of events, in their order."""
        return list(self._made(events))

    def _made(self, events: pa.Table) -> Iterable[Parcel]:
        columns = [events.column(name).to_pylist() for name in ("seq", "id", "timestamp", "document")]
        for seq, name, timestamp, text in zip(*columns, strict=True):
            placed = text if self._namespace is None else self._placed(text, self._namespace)
            document = placed if self._is_as_stored else self._processed(placed)
            if document is not None:
                yield Parcel(seq, name, timestamp.astimezone(UTC), document)

    def _processed(self, text: str) -> str | None:
        document = self._processors.process(orjson.loads(text))
        return None if document is None else self._write(document).decode()

    def _placed(self, text: str, namespace: str) -> str:
        if _STREAM in text:
            return text.replace(_STREAM, _STREAM.removesuffix('default"') + f'{namespace}"', 1)
        document = orjson.loads(text)
        stream = {**document.get("data_stream", {}), "namespace": namespace}
        return orjson.dumps({**document, "data_stream": stream}).decode()
