"""The archive: Delta tables with one writer and any number of readers."""

from .gaps import settle_gaps
from .ledger import GapRow, append_to_ledger
from .reader import ArchiveReader, open_reader
from .rows import Events
from .writer import ArchiveWriter, open_writer

__all__ = [
    "ArchiveReader",
    "ArchiveWriter",
    "Events",
    "GapRow",
    "append_to_ledger",
    "open_reader",
    "open_writer",
    "settle_gaps",
]
