"""The console: web pages on an archive, where people look."""

from .auth import Journal, hash_password
from .context import Place
from .server import Console, LinkFile, open_console
from .snapshots import Library

__all__ = ["Console", "Journal", "Library", "LinkFile", "Place", "hash_password", "open_console"]
