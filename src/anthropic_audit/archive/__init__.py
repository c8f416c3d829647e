"""The archive: Delta tables with one writer and any number of readers."""

from .reader import ArchiveReader, open_reader
from .rows import Events
from .writer import ArchiveWriter, open_writer

__all__ = ["ArchiveReader", "ArchiveWriter", "Events", "open_reader", "open_writer"]
