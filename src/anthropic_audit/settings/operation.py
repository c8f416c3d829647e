"""The settings of what goes on inside: enrichment, retention, the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from .section import Duration, Section

MIN_RETENTION = timedelta(days=35)
"""Covered time is read again until it is 30 days old; what was removed before then would come back."""


class EnrichmentSettings(Section):
    """What events say beyond their activities."""

    geoip_files: tuple[str, ...] = Field(
        (),
        description="Database files in MaxMind format (city, country, ASN), the first one that knows counts; "
        "none: the free city database, if the extra `geo` is installed",
    )
    user_agent: bool = Field(default=True, description="Take user agents apart: program, version, system, device")


class HoldSettings(Section):
    """A span of time of which nothing may be removed."""

    model_config = ConfigDict(populate_by_name=True)

    start: date = Field(alias="from", description="First day of the span")
    end: date = Field(alias="to", description="Last day of the span")
    reason: str = Field(min_length=1, description="Why, for those who ask later")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.end < self.start:
            message = "the hold's `to` is before its `from`"
            raise ValueError(message)
        return self


class RetentionSettings(Section):
    """How long the archive keeps what it has."""

    keep: Duration = Field(
        timedelta(0), description="Remove activities and events of days that are older than this; 0s: keep everything"
    )
    wait_for_sinks: bool = Field(
        default=True,
        description="Keep days that a sink has still to get events of; false: remove them, and say what it never got",
    )
    holds: tuple[HoldSettings, ...] = Field(
        (), description="Legal holds: days of which nothing is removed, as `{ from = …, to = …, reason = … }`"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if timedelta(0) < self.keep < MIN_RETENTION:
            message = f"keep must be {MIN_RETENTION.days}d at least: younger days are still read again for what is late"
            raise ValueError(message)
        return self


class ServiceSettings(Section):
    """The service, `anthropic-audit run`."""

    health_port: int = Field(
        0, ge=0, le=65535, description="Loopback port of `/healthz`, `/readyz` and `/metrics`; 0: none"
    )
    budget_reserve: float = Field(
        0.0, ge=0.0, le=0.9, description="Share of each organization's request budget that is left to others"
    )
