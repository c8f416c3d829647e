"""Read the rules in this package."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from .model import OcsfRules


@cache
def load_rules() -> OcsfRules:
    """Return the rules of `classes.yaml` and `rules.yaml`; both are part of the package, so a mistake is our bug.

    Raises:
        msgspec.ValidationError: A rule does not have the form in `model.py`.
    """
    folder = resources.files(__package__)
    parts = [msgspec.yaml.decode((folder / name).read_bytes(), type=dict) for name in ("classes.yaml", "rules.yaml")]
    return msgspec.convert({**parts[0], **parts[1]}, type=OcsfRules)
