"""The archive: Delta tables with one writer and any number of readers."""

from .damage import Damage, late_files, record_missing, unrecorded_files
from .deliveries import DeliveryLedger, delivery_of, rejection_of
from .gap_ledger import GapRow, append_to_ledger
from .gaps import settle_gaps
from .maintenance import Compacted, Vacuumed
from .reader import ArchiveReader, open_reader
from .rows import Events
from .verify import VerifyProblem, verify
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
