"""The simulated world: a believable organization, its activities minute by minute, and the incidents among them."""

from .random_values import Row, Storyline, WorldSettings
from .registry import Registry
from .rhythm import PAUSE_MINUTES, Extent
from .world import World

__all__ = ["PAUSE_MINUTES", "Extent", "Registry", "Row", "Storyline", "World", "WorldSettings"]
