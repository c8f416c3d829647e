"""`anthropic-audit catalogue`: what is known of the feed, what is missing, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anthropic_audit.cli.groups import group

from .drift import drift
from .lint import lint
from .listing import list_types
from .schema import schema
from .show import show
from .templates import templates

COMMANDS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "list": list_types,
        "show": show,
        "lint": lint,
        "drift": drift,
        "schema": schema,
        "templates": templates,
    }
)
"""Every subcommand of `catalogue`."""

app = group(
    "Look into the catalogue of activity types, fields and actors; find what it lacks; make schemas of it.", COMMANDS
)
