"""From an activity to an ECS document; pure and table-driven."""

from .normalizer import Normalizer
from .options import Options
from .serialize import to_json

__all__ = ["Normalizer", "Options", "to_json"]
