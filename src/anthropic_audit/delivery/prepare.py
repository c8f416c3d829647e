"""Preparation of events for a sink: processors, the document's form, and the namespace of a data stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

import orjson
import pyarrow as pa

from anthropic_audit.model import Parcel
from anthropic_audit.processors import Processors

Write = Callable[[dict[str, Any]], bytes]
"""Serializes a document."""

_STREAM = '"data_stream":{"dataset":"anthropic.audit","namespace":"default"'
"""The member `data_stream` of stored documents; as quotes in values are escaped, it can't occur inside of a value."""


class Prepare:
    """Makes parcels of stored events; events that processors drop are left out.

    Args:
        processors: The processors of the settings.
        write: Serializes a document in another form than the stored one, or None.
        namespace: The namespace of the target's data stream, which `data_stream.namespace` must equal; None leaves it.
    """

    def __init__(self, processors: Processors, write: Write | None = None, namespace: str | None = None) -> None:
        self._processors = processors
        self._write = write or orjson.dumps
        self._is_as_stored = not processors and write is None
        self._namespace = namespace if namespace != "default" else None

    def parcels(self, events: pa.Table) -> list[Parcel]:
        """Return the parcels of stored events, in their order."""
        return list(self._parcels(events))

    def _parcels(self, events: pa.Table) -> Iterable[Parcel]:
        columns = [events.column(name).to_pylist() for name in ("seq", "id", "timestamp", "document")]
        for seq, name, timestamp, text in zip(*columns, strict=True):
            text_with_namespace = text if self._namespace is None else self._with_namespace(text, self._namespace)
            document = text_with_namespace if self._is_as_stored else self._processed(text_with_namespace)
            if document is not None:
                yield Parcel(seq, name, timestamp.astimezone(UTC), document)

    def _processed(self, text: str) -> str | None:
        document = self._processors.process(orjson.loads(text))
        return None if document is None else self._write(document).decode()

    def _with_namespace(self, text: str, namespace: str) -> str:
        if _STREAM in text:
            return text.replace(_STREAM, _STREAM.removesuffix('default"') + f'{namespace}"', 1)
        document = orjson.loads(text)
        stream = {**document.get("data_stream", {}), "namespace": namespace}
        return orjson.dumps({**document, "data_stream": stream}).decode()
