"""Put the parts of the product together from settings: for commands, the service, the demo and the Python API.

`Application` is what every part needs; each module builds one kind of part from it and imports no more than that needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from anthropic_audit.clock import SystemClock
from anthropic_audit.settings import Settings

Warn = Callable[[str], None]
"""Reports a warning about the settings to the operator."""


@dataclass(frozen=True, slots=True)
class Application:
    """Settings, and the surroundings in which they are used."""

    settings: Settings
    environ: Mapping[str, str]
    """Environment variables, in which keys and secrets are looked up."""
    warn: Warn
    clock: SystemClock = field(default_factory=SystemClock)

    def with_settings(self, settings: Settings) -> Self:
        """Return the same application with other settings."""
        return replace(self, settings=settings)


__all__ = ["Application", "Warn"]
