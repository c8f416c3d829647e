"""Generate descriptions of events from the catalogue: a JSON Schema, and index templates."""

from .event import event_schema
from .templates import CUSTOM, PACKAGE, STREAM, Engine, index_template, package_template

__all__ = ["CUSTOM", "PACKAGE", "STREAM", "Engine", "event_schema", "index_template", "package_template"]
