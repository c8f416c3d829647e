"""The settings of feeds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from anthropic_audit.model import Filters

from .section import Duration, Section, Timeout

KEY_VARIABLES = ("ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY")
"""Environment variables that Anthropic documents for keys, in the order of the lookup."""

_FEED_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LAG_INTERVALS = 3
_DEADLINE_TIMEOUTS = 10
_MIN_LAG_LIMIT = timedelta(minutes=15)


class FeedSettings(Section):
    """One Activity Feed: a key of one parent organization, and filters."""

    name: str = Field("default", description="Name of the feed in the archive, in logs and in `status`")
    api_key_env: str = Field("", description="Environment variable that holds the key")
    api_key_file: str = Field("", description="File that holds the key")
    api_key_command: tuple[str, ...] = Field((), description="Command that prints the key, as a list of arguments")
    parent_organization: str = Field(
        "", description="Feeds with the same value share one request budget; if unset, feeds with the same key do"
    )
    url: str = Field("https://api.anthropic.com", description="Base URL of the Compliance API")
    interval: Duration = Field(timedelta(minutes=5), description="Time between walks of the live tail")
    initial_interval: Duration = Field(timedelta(hours=24), description="How far back the first walk begins")
    backfill: Duration = Field(
        timedelta(0), description="How far back history is read alongside the live tail; 0s: only by hand"
    )
    overlap: Duration = Field(timedelta(minutes=10), description="How much of the covered time each walk reads again")
    follow_lateness: bool = Field(
        default=False, description="Let `overlap` and `settle` grow with the lateness that `run` measures once a day"
    )
    settle: Duration = Field(timedelta(seconds=60), description="Age below which a window is never claimed complete")
    batch_size: int = Field(5000, ge=1, le=5000, description="Activities requested per page")
    activity_types: tuple[str, ...] = Field(
        (), description="Collect these activity types only: names, `*_viewed`, groups (`auth/*`)"
    )
    exclude_activity_types: tuple[str, ...] = Field(
        (), description="Collect all but these activity types: names, `*_viewed`, groups (`auth/*`)"
    )
    actor_ids: tuple[str, ...] = Field((), description="Collect activities of these users (`user_…`) only")
    organization_ids: tuple[str, ...] = Field((), description="Collect activities of these organizations only")
    preserve_original_event: bool = Field(default=False, description="Store the received text in `event.original`")
    proxy_url: str = Field("", description="HTTP or SOCKS proxy for requests")
    http_client_timeout: Timeout = Field(
        timedelta(seconds=60), description="Longest time without data on a connection before a request fails"
    )
    request_deadline: Duration = Field(
        timedelta(0), description="Longest total time of one request; 0s: ten times `http_client_timeout`"
    )
    max_lag: Duration = Field(
        timedelta(0),
        description="Lag above which the feed counts as behind, and the time after its coverage as a gap; "
        "0s: three times `interval`, but at least 15 minutes, plus `settle`",
    )
    give_up_after: Duration = Field(timedelta(minutes=2), description="How long one request is retried")
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    client_certificate_file: str = Field("", description="PEM file of a client certificate")
    client_key_file: str = Field("", description="PEM file of the client certificate's private key")
    tags: tuple[str, ...] = Field(("forwarded", "anthropic-audit"), description="Tags of every event")
    enable_request_tracer: bool = Field(
        default=False, description="Write requests and responses to files, without the key"
    )
    request_tracer_folder: str = Field("./traces", description="Folder of the request tracer's files")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _FEED_NAME.fullmatch(self.name):
            message = "the name of a feed must consist of lower-case letters, digits, `-` and `_`"
            raise ValueError(message)
        if self.activity_types and self.exclude_activity_types:
            message = "set activity_types or exclude_activity_types, not both (the API refuses both together)"
            raise ValueError(message)
        if sum(map(bool, (self.api_key_env, self.api_key_file, self.api_key_command))) > 1:
            message = "set only one of api_key_env, api_key_file and api_key_command"
            raise ValueError(message)
        for name in ("interval", "initial_interval", "http_client_timeout"):
            if getattr(self, name) <= timedelta(0):
                message = f"{name} must be longer than zero"
                raise ValueError(message)
        if self.initial_interval <= self.settle:
            message = "initial_interval must be longer than settle, or no time could ever be claimed"
            raise ValueError(message)
        return self

    @property
    def filters(self) -> Filters:
        """The filters that the feed's requests carry."""
        return Filters(self.activity_types, self.exclude_activity_types, self.actor_ids, self.organization_ids)

    @property
    def deadline(self) -> timedelta:
        """Longest duration of one request, from connecting to the last byte of the response."""
        return self.request_deadline or _DEADLINE_TIMEOUTS * self.http_client_timeout

    @property
    def lag_limit(self) -> timedelta:
        """Lag above which the feed counts as behind; all views use this limit."""
        return self.max_lag or max(_LAG_INTERVALS * self.interval, _MIN_LAG_LIMIT) + self.settle
