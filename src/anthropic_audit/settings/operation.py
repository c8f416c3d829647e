"""The settings of enrichment, retention and the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from .section import Duration, Section

MIN_RETENTION = timedelta(days=35)
"""Shortest retention: covered time is read again until it is 30 days old, which would restore removed activities."""


class EnrichmentSettings(Section):
    """Sources of the facts that enrichment adds to events."""

    geoip_files: tuple[str, ...] = Field(
        (),
        description="Database files in MaxMind format (city, country, ASN); the first one with an entry is used; "
        "empty: the free city database, if the extra `geo` is installed",
    )
    user_agent: bool = Field(default=True, description="Parse user agents: program, version, system, device")


class HoldSettings(Section):
    """A legal hold: a span of days whose records are not removed."""

    model_config = ConfigDict(populate_by_name=True)

    start: date = Field(alias="from", description="First day of the span")
    end: date = Field(alias="to", description="Last day of the span")
    reason: str = Field(min_length=1, description="Reason of the hold")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.end < self.start:
            message = "the hold's `to` is before its `from`"
            raise ValueError(message)
        return self


class RetentionSettings(Section):
    """How long the archive keeps activities and events."""

    keep: Duration = Field(
        timedelta(0), description="Age above which days are removed, activities and events; 0s: keep everything"
    )
    wait_for_sinks: bool = Field(
        default=True,
        description="Keep days with undelivered events; false: remove them, and report what was never delivered",
    )
    holds: tuple[HoldSettings, ...] = Field(
        (), description="Legal holds: days that are not removed, as `{ from = …, to = …, reason = … }`"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if timedelta(0) < self.keep < MIN_RETENTION:
            message = (
                f"keep must be at least {MIN_RETENTION.days}d: younger days are still read again for late activities"
            )
            raise ValueError(message)
        return self


class ServiceSettings(Section):
    """The service, `anthropic-audit run`."""

    health_port: int = Field(
        0, ge=0, le=65535, description="Loopback port of `/healthz`, `/readyz` and `/metrics`; 0: not served"
    )
    budget_reserve: float = Field(
        0.0, ge=0.0, le=0.9, description="Share of each organization's request budget that is left to other clients"
    )
