"""Sinks: the targets that events are delivered to, one module each."""

from .dashboard_server import BoardServer
from .open import missing_library, open_cluster, open_sink

__all__ = ["BoardServer", "missing_library", "open_cluster", "open_sink"]
