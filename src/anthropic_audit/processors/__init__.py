"""What is done to events before they leave the archive: leave out, tag, hash, redact."""

from .chain import Processors, open_processors

__all__ = ["Processors", "open_processors"]
