"""The archive: Delta tables with one writer and any number of readers.

A module is imported when a name of it is used: a command that only reads does not import what writes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .damage import Damage, late_files, record_missing, unrecorded_files
    from .deliveries import DeliveryLedger
    from .gap_ledger import append_to_ledger
    from .gaps import settle_gaps
    from .maintenance import Compacted, Vacuumed
    from .reader import ArchiveReader, open_reader
    from .rows import Events
    from .values import GapRow, delivery_of, rejection_of
    from .verification import VerifyProblem, verify
    from .writer import ArchiveWriter, open_writer

__all__ = [
    "ArchiveReader",
    "ArchiveWriter",
    "Compacted",
    "Damage",
    "DeliveryLedger",
    "Events",
    "GapRow",
    "Vacuumed",
    "VerifyProblem",
    "append_to_ledger",
    "delivery_of",
    "late_files",
    "open_reader",
    "open_writer",
    "record_missing",
    "rejection_of",
    "settle_gaps",
    "unrecorded_files",
    "verify",
]

_MODULES = {
    "ArchiveReader": "reader",
    "ArchiveWriter": "writer",
    "Compacted": "maintenance",
    "Damage": "damage",
    "DeliveryLedger": "deliveries",
    "Events": "rows",
    "GapRow": "values",
    "Vacuumed": "maintenance",
    "VerifyProblem": "verification",
    "append_to_ledger": "gap_ledger",
    "delivery_of": "values",
    "late_files": "damage",
    "open_reader": "reader",
    "open_writer": "writer",
    "record_missing": "damage",
    "rejection_of": "values",
    "settle_gaps": "gaps",
    "unrecorded_files": "damage",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module has by that name
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
