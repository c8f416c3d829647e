"""Processors change or drop events before delivery: drop, tag, label, hash, redact."""

from .chain import Processors, open_processors

__all__ = ["Processors", "open_processors"]
