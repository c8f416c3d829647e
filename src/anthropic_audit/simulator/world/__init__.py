"""The simulated world: a believable organization, what happens in it minute by minute, and what is hidden in it."""

from .registry import Registry
from .rhythm import PAUSE_MINUTES, Extent
from .values import Row, Storyline, WorldSettings
from .world import World

__all__ = ["PAUSE_MINUTES", "Extent", "Registry", "Row", "Storyline", "World", "WorldSettings"]
