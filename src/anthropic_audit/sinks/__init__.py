"""Places that events are delivered to: one small file each."""

from .open import missing_library, open_cluster, open_sink

__all__ = ["missing_library", "open_cluster", "open_sink"]
