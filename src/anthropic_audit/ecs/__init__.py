"""Normalize activities to ECS documents; pure and table-driven."""

from .limits import MAX_ACTIVITY_BYTES
from .normalizer import Normalizer
from .options import Options
from .sentences import SentenceWriter
from .serialize import to_json

__all__ = ["MAX_ACTIVITY_BYTES", "Normalizer", "Options", "SentenceWriter", "to_json"]
