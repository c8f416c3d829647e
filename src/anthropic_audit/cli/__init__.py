"""The door: arguments to settings to one call; the only place that prints and exits."""

from .app import app, main

__all__ = ["app", "main"]
