"""Collect, keep, normalize and prove the audit trail of Anthropic organizations."""

from importlib.metadata import version

__version__ = version("anthropic-audit")

__all__ = ["__version__"]
