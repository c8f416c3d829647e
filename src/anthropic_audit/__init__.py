"""Collect, archive, normalize and deliver the audit trail of Anthropic organizations."""

__version__ = "0.1.0"

__all__ = ["__version__"]
