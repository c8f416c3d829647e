"""Translate events to the Open Cybersecurity Schema Framework (OCSF); pure."""

from .load import load_rules
from .translate import Translator, to_ocsf

__all__ = ["Translator", "load_rules", "to_ocsf"]
