"""From an activity to an ECS document; pure and table-driven."""

from .normalizer import Normalizer
from .options import Options
from .serialize import to_json
from .telling import Teller

__all__ = ["Normalizer", "Options", "Teller", "to_json"]
