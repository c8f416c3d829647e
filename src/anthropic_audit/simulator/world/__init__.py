"""The simulated world: a believable organization, what happens in it minute by minute, and what is hidden in it."""

from .values import Row, Storyline, WorldSettings
from .world import World

__all__ = ["Row", "Storyline", "World", "WorldSettings"]
