"""The archive: Delta tables with one writer and any number of readers."""

from .deliveries import DeliveryLedger, delivery_of, rejection_of
from .gaps import settle_gaps
from .ledger import GapRow, append_to_ledger
from .reader import ArchiveReader, open_reader
from .rows import Events
from .upkeep import Compacted, Vacuumed
from .verify import Finding, verify
from .writer import ArchiveWriter, open_writer

__all__ = [
    "ArchiveReader",
    "ArchiveWriter",
    "Compacted",
    "DeliveryLedger",
    "Events",
    "Finding",
    "GapRow",
    "Vacuumed",
    "append_to_ledger",
    "delivery_of",
    "open_reader",
    "open_writer",
    "rejection_of",
    "settle_gaps",
    "verify",
]
