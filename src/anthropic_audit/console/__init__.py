"""The console: web pages on an archive, where people look."""

from .guard import Journal, hash_password
from .library import Library
from .place import Place
from .serving import Console, LinkFile, open_console

__all__ = ["Console", "Journal", "Library", "LinkFile", "Place", "hash_password", "open_console"]
