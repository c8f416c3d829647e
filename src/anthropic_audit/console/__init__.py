"""The console: a web user interface on an archive, read-only."""

from .auth import AccessLog, hash_password
from .context import ConsoleContext
from .server import Console, LinkFile, open_console
from .snapshots import SnapshotPool

__all__ = ["AccessLog", "Console", "ConsoleContext", "LinkFile", "SnapshotPool", "hash_password", "open_console"]
