"""The settings tree: every option with its type, default and a sentence of help.

Names follow the published integration where it has one. `settings_sources` builds the tree from file, environment
and flags; nothing here reads anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from .errors import SetupError
from .model import Filters
from .times import format_duration, parse_duration

KEY_VARIABLES = ("ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY")
"""The environment variables that Anthropic documents for keys, in the order we look."""

LEAST_KEPT = timedelta(days=35)
"""Covered time is read again until it is 30 days old; what was removed before then would come back."""

_FEED_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except SetupError as error:
        raise ValueError(str(error)) from error


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration)]


_ROUNDS = 3
_BEHIND = timedelta(minutes=15)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class FeedSettings(_Section):
    """One Activity Feed: one key of one parent organization, and what to select from it."""

    name: str = Field("default", description="Name of the feed in the archive, in logs and in `status`")
    api_key_env: str = Field("", description="Environment variable that holds the key")
    api_key_file: str = Field("", description="File that holds the key")
    api_key_command: tuple[str, ...] = Field((), description="Command that prints the key, as a list of words")
    parent_organization: str = Field(
        "", description="Feeds with the same word here share one request budget; else those under one key do"
    )
    url: str = Field("https://api.anthropic.com", description="Base URL of the Compliance API")
    interval: Duration = Field(timedelta(minutes=5), description="Time between two walks of the live tail")
    initial_interval: Duration = Field(timedelta(hours=24), description="How far back the first walk starts")
    backfill: Duration = Field(
        timedelta(0), description="How far back history is filled in beside the live tail; 0s: only by hand"
    )
    overlap: Duration = Field(timedelta(minutes=10), description="How much of the covered time each walk reads again")
    follow_lateness: bool = Field(
        default=False, description="Let `overlap` and `settle` grow with the lateness that `run` measures once a day"
    )
    settle: Duration = Field(timedelta(seconds=60), description="Age below which a window is never claimed complete")
    batch_size: int = Field(5000, ge=1, le=5000, description="Activities asked for in one request")
    activity_types: tuple[str, ...] = Field(
        (), description="Collect these activity types only: names, `*_viewed`, groups (`auth/*`)"
    )
    exclude_activity_types: tuple[str, ...] = Field(
        (), description="Collect all but these activity types: names, `*_viewed`, groups (`auth/*`)"
    )
    actor_ids: tuple[str, ...] = Field((), description="Collect activities of these users (`user_…`) only")
    organization_ids: tuple[str, ...] = Field((), description="Collect activities of these organizations only")
    preserve_original_event: bool = Field(default=False, description="Keep the received text in `event.original`")
    proxy_url: str = Field("", description="HTTP or SOCKS proxy for requests")
    http_client_timeout: Duration = Field(timedelta(seconds=60), description="Time one request may take")
    give_up_after: Duration = Field(timedelta(minutes=2), description="How long one request is tried again")
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    client_certificate_file: str = Field("", description="PEM file of a client certificate")
    client_key_file: str = Field("", description="PEM file of the client certificate's private key")
    tags: tuple[str, ...] = Field(("forwarded", "anthropic-audit"), description="Tags of every event")
    enable_request_tracer: bool = Field(
        default=False, description="Write requests and answers to files, without the key"
    )
    request_tracer_folder: str = Field("./traces", description="Folder of the request tracer's files")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _FEED_NAME.fullmatch(self.name):
            message = "a feed's name has lower-case letters, digits, `-` and `_` only"
            raise ValueError(message)
        if self.activity_types and self.exclude_activity_types:
            message = "give activity_types or exclude_activity_types, not both (the API refuses both together)"
            raise ValueError(message)
        if sum(map(bool, (self.api_key_env, self.api_key_file, self.api_key_command))) > 1:
            message = "give one of api_key_env, api_key_file and api_key_command"
            raise ValueError(message)
        for name in ("interval", "initial_interval", "http_client_timeout"):
            if getattr(self, name) <= timedelta(0):
                message = f"{name} must be longer than zero"
                raise ValueError(message)
        if self.initial_interval <= self.settle:
            message = "initial_interval must be longer than settle, or nothing could ever be claimed complete"
            raise ValueError(message)
        return self

    @property
    def filters(self) -> Filters:
        """What this feed selects."""
        return Filters(self.activity_types, self.exclude_activity_types, self.actor_ids, self.organization_ids)

    @property
    def behind_after(self) -> timedelta:
        """How old the end of the coverage may be before the feed counts as behind: three rounds, and 15 minutes."""
        return max(_ROUNDS * self.interval, _BEHIND)


class EnrichmentSettings(_Section):
    """What events say beyond their activities."""

    geoip_files: tuple[str, ...] = Field(
        (),
        description="Database files in MaxMind format (city, country, ASN), the first one that knows counts; "
        "none: the free city database, if the extra `geo` is installed",
    )
    user_agent: bool = Field(default=True, description="Take user agents apart: program, version, system, device")


class HoldSettings(_Section):
    """A span of time of which nothing may be removed."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, populate_by_name=True)

    start: date = Field(alias="from", description="First day of the span")
    end: date = Field(alias="to", description="Last day of the span")
    reason: str = Field(min_length=1, description="Why, for those who ask later")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.end < self.start:
            message = "the hold's `to` is before its `from`"
            raise ValueError(message)
        return self


class RetentionSettings(_Section):
    """How long the archive keeps what it has."""

    keep: Duration = Field(
        timedelta(0), description="Remove activities and events of days that are older than this; 0s: keep everything"
    )
    holds: tuple[HoldSettings, ...] = Field(
        (), description="Legal holds: days of which nothing is removed, as `{ from = …, to = …, reason = … }`"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if timedelta(0) < self.keep < LEAST_KEPT:
            message = f"keep must be {LEAST_KEPT.days}d at least: younger days are still read again for what is late"
            raise ValueError(message)
        return self


class ServiceSettings(_Section):
    """The service, `anthropic-audit run`."""

    health_port: int = Field(
        0, ge=0, le=65535, description="Loopback port of `/healthz`, `/readyz` and `/metrics`; 0: none"
    )
    budget_reserve: float = Field(
        0.0, ge=0.0, le=0.9, description="Share of each organization's request budget that is left to others"
    )


def _patterns(value: object) -> object:
    """Take one pattern for a list of one."""
    return (value,) if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]


class _Processor(_Section):
    when: dict[str, Patterns] = Field(
        {},
        description="For these events only: fields and what they have to be, as text with `*`, or a list of such; "
        "`!` in front: must not be",
    )


class _FieldsProcessor(_Processor):
    fields: tuple[str, ...] = Field((), description="Fields by name, all below a name, or with `*`")
    personal: bool = Field(default=False, description="All fields that the catalogue marks as personal data")

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if not self.fields and not self.personal:
            message = "name `fields`, or set `personal = true`"
            raise ValueError(message)
        return self


class DropEvents(_Processor):
    """Leave events out."""

    do: Literal["drop_events"]

    @model_validator(mode="after")
    def _check_when(self) -> Self:
        if not self.when:
            message = "say which events are dropped with `when`"
            raise ValueError(message)
        return self


class DropFields(_FieldsProcessor):
    """Leave fields out."""

    do: Literal["drop_fields"]


class AddTags(_Processor):
    """Add to `tags`."""

    do: Literal["add_tags"]
    tags: tuple[str, ...] = Field(min_length=1, description="Tags to add")


class AddLabels(_Processor):
    """Add to `labels`."""

    do: Literal["add_labels"]
    labels: dict[str, str] = Field(min_length=1, description="Names and values to add; a later value replaces another")


class HashFields(_FieldsProcessor):
    """Put a keyed hash in the place of values, the same for the same value."""

    do: Literal["hash_fields"]
    key_env: str = Field("", description="Environment variable that holds the key of the hash")
    key_file: str = Field("", description="File that holds the key of the hash")
    key_command: tuple[str, ...] = Field((), description="Command that prints the key of the hash, as a list of words")

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if sum(map(bool, (self.key_env, self.key_file, self.key_command))) != 1:
            message = "give one of key_env, key_file and key_command"
            raise ValueError(message)
        return self


class RedactFields(_FieldsProcessor):
    """Put a mark in the place of values."""

    do: Literal["redact_fields"]
    mark: str = Field("[redacted]", min_length=1, description="What stands in the place of values")


ProcessorSettings = DropEvents | DropFields | AddTags | AddLabels | HashFields | RedactFields
PROCESSORS: Mapping[str, type[BaseModel]] = {
    "drop_events": DropEvents,
    "drop_fields": DropFields,
    "add_tags": AddTags,
    "add_labels": AddLabels,
    "hash_fields": HashFields,
    "redact_fields": RedactFields,
}
"""What a processor can `do`, and the settings of each."""


class Settings(_Section):
    """The whole tree."""

    archive: str = Field("./archive", description="Folder (or `file://` URL) of the archive")
    feeds: tuple[FeedSettings, ...] = Field((), description="The feeds to collect")
    enrichment: EnrichmentSettings = Field(EnrichmentSettings(), description="What events say beyond their activities")
    service: ServiceSettings = Field(ServiceSettings(), description="The service, `anthropic-audit run`")
    retention: RetentionSettings = Field(RetentionSettings(), description="How long the archive keeps what it has")
    processors: tuple[Annotated[ProcessorSettings, Field(discriminator="do")], ...] = Field(
        (), description="What is done to events before they leave the archive, in this order"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [feed.name for feed in self.feeds]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"two feeds have the same name: {', '.join(twice)}"
            raise ValueError(message)
        too_far = [feed.name for feed in self.feeds if feed.backfill > self.retention.keep > timedelta(0)]
        if too_far:
            message = f"backfill reaches further back than retention.keep, which would remove it: {', '.join(too_far)}"
            raise ValueError(message)
        return self
