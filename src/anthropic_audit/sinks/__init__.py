"""Places that events are delivered to: one small file each."""

from .dashboard_server import BoardServer
from .open import missing_library, open_cluster, open_sink

__all__ = ["BoardServer", "missing_library", "open_cluster", "open_sink"]
