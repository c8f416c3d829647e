"""Places that events are delivered to: one small file each."""

from .boards import BoardServer
from .open import missing_library, open_cluster, open_sink

__all__ = ["BoardServer", "missing_library", "open_cluster", "open_sink"]
