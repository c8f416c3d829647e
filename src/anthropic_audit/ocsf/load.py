"""Read the rules that come with this package."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from .model import OcsfRules


@cache
def load_rules() -> OcsfRules:
    """Return the rules; they are part of the package, so a mistake in them is ours and stops everything.

    Raises:
        msgspec.ValidationError: A rule is not written as `model.py` has it.
    """
    folder = resources.files(__package__)
    parts = [msgspec.yaml.decode((folder / name).read_bytes(), type=dict) for name in ("classes.yaml", "rules.yaml")]
    return msgspec.convert({**parts[0], **parts[1]}, type=OcsfRules)
