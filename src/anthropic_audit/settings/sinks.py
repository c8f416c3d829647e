"""The settings of sinks: the targets that events are delivered to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, Field, model_validator

from .section import Duration, Section
from .value_types import Days, Filled, Headers, Span, TimeoutSpan, Url, UrlOrNone

_DEADLINE_TIMEOUTS = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.]{0,99}")


class _Sink(Section):
    library: ClassVar[str | None] = None
    """The module that the sink needs; it comes with an extra that has the name of the sink's `to`."""

    name: str = Field(description="Name of the sink in commands, in logs and in the archive")
    batch_events: int = Field(2000, ge=1, le=50_000, description="Maximum number of events in one request")
    batch_bytes: int = Field(5_000_000, ge=1000, le=100_000_000, description="Maximum size of one request, in bytes")
    max_event_bytes: int = Field(
        50_000_000,
        ge=1000,
        le=1_000_000_000,
        description="Maximum size of an event, in bytes; a larger one is rejected",
    )
    workers: int = Field(4, ge=1, le=32, description="Number of concurrent requests")
    timeout: TimeoutSpan = Field(
        timedelta(seconds=60), description="Longest time without data on a connection before a request fails"
    )
    secret_env: str = Field("", description="Environment variable that holds the key, password or token")
    secret_file: str = Field("", description="File that holds the key, password or token")
    secret_command: tuple[str, ...] = Field((), description="Command that prints it, as a list of arguments")

    @model_validator(mode="after")
    def _check_sink(self) -> Self:
        if not _NAME.fullmatch(self.name):
            message = "the name of a sink must consist of lower-case letters, digits, `-` and `_`"
            raise ValueError(message)
        if sum(map(bool, (self.secret_env, self.secret_file, self.secret_command))) > 1:
            message = "set only one of secret_env, secret_file and secret_command"
            raise ValueError(message)
        return self

    @property
    def has_secret(self) -> bool:
        """True if the settings name the location of a secret."""
        return bool(self.secret_env or self.secret_file or self.secret_command)

    @property
    def sends_token(self) -> bool:
        """True if the secret is sent unchanged in a header, which can't hold spaces or line breaks."""
        return getattr(self, "auth", "none") in ("api_key", "bearer")

    @property
    def parallel_requests(self) -> int:
        """How many batches are sent at the same time."""
        return self.workers

    @property
    def event_namespace(self) -> str | None:
        """The data stream's namespace that events carry, or None to keep the one they were stored with."""
        return None


class _Web(_Sink):
    request_deadline: Duration = Field(
        timedelta(0), description="Longest total time of one request; 0s: ten times `timeout`"
    )
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    client_certificate_file: str = Field("", description="PEM file of a client certificate")
    client_key_file: str = Field("", description="PEM file of the client certificate's private key")

    @property
    def deadline(self) -> timedelta:
        """Longest duration of one request, from connecting to the last byte of the response."""
        return self.request_deadline or _DEADLINE_TIMEOUTS * self.timeout


class _Cluster(_Web):
    urls: tuple[Url, ...] = Field((), description="Base URLs of the cluster's nodes")
    namespace: str = Field("default", description="Last part of the data stream's name, `logs-anthropic.audit-…`")
    username: str = Field("", description='User of `auth = "basic"`')
    retention: Days = Field(
        timedelta(0),
        description="How long the cluster keeps events, in whole days; 0s: according to the cluster's own rules",
    )
    dashboards_url: UrlOrNone = Field(
        "", description="Base URL of Kibana or OpenSearch Dashboards, where `sinks setup` installs the overview"
    )

    @model_validator(mode="after")
    def _check_cluster(self) -> Self:
        if not _NAMESPACE.fullmatch(self.namespace):
            message = "namespace must consist of lower-case letters, digits, `_` and `.`"
            raise ValueError(message)
        auth = getattr(self, "auth", "none")
        if auth in ("api_key", "basic", "bearer") and not self.has_secret:
            message = f'auth = "{auth}" needs one of secret_env, secret_file and secret_command'
            raise ValueError(message)
        if auth == "basic" and not self.username:
            message = 'auth = "basic" needs a username'
            raise ValueError(message)
        return self

    @property
    def event_namespace(self) -> str | None:
        """The namespace of this cluster's data stream."""
        return self.namespace

    @property
    def data_stream(self) -> str:
        """Name of the data stream that receives the events."""
        return f"logs-anthropic.audit-{self.namespace}"


class ElasticsearchSink(_Cluster):
    """A data stream of an Elasticsearch cluster."""

    library: ClassVar[str | None] = "elasticsearch"

    to: Literal["elasticsearch"]
    cloud_id: str = Field("", description="Cloud id, instead of `urls`")
    auth: Literal["none", "api_key", "basic", "bearer"] = Field("none", description="Authentication method")
    lifecycle: Literal["stream", "ilm"] = Field(
        "stream", description="How `retention` is applied: by the data stream's own lifecycle, or by an ILM policy"
    )

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if bool(self.urls) == bool(self.cloud_id):
            message = "set either urls or cloud_id"
            raise ValueError(message)
        return self


class OpenSearchSink(_Cluster):
    """A data stream of an OpenSearch cluster."""

    library: ClassVar[str | None] = "opensearchpy"

    to: Literal["opensearch"]
    auth: Literal["none", "basic", "bearer", "aws"] = Field("none", description="Authentication method")
    aws_region: str = Field("", description="Region that requests are signed for (AWS Signature Version 4)")
    aws_service: Literal["es", "aoss"] = Field("es", description="Service that requests are signed for")

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if not self.urls:
            message = "urls is missing"
            raise ValueError(message)
        if self.auth == "aws" and not self.aws_region:
            message = 'auth = "aws" needs aws_region'
            raise ValueError(message)
        return self


class NdjsonSink(_Sink):
    """Files with one event per line, or standard output."""

    to: Literal["ndjson"]
    folder: Filled = Field(description="Folder of the files; `-`: standard output")
    rotate_bytes: int = Field(128_000_000, ge=1000, description="Size at which a file is closed")
    rotate_after: Span = Field(timedelta(hours=1), description="Age at which a file is closed")
    compress: bool = Field(default=False, description="Compress closed files (gzip)")

    @property
    def parallel_requests(self) -> int:
        """One: batches go to one file, in their order."""
        return 1


class HttpSink(_Web):
    """A webhook."""

    to: Literal["http"]
    url: Url = Field(description="URL that batches are sent to, by POST")
    body: Literal["ndjson", "json"] = Field(
        "ndjson", description="Format of a batch: one event per line, or one JSON array"
    )
    compress: bool = Field(default=False, description="Compress bodies (gzip); the receiver must support it")
    headers: Headers = Field({}, description="Headers of each request; never secrets")
    auth: Literal["none", "bearer", "hmac"] = Field(
        "none",
        description="Use of the secret: a bearer token, or a key that signs each body (HMAC-SHA256)",
    )

    @model_validator(mode="after")
    def _check_auth(self) -> Self:
        if (self.auth != "none") != self.has_secret:
            message = "auth and the location of its secret must be set together"
            raise ValueError(message)
        return self


class SplunkHecSink(_Web):
    """Splunk's HTTP Event Collector; the secret is its token."""

    to: Literal["splunk_hec"]
    url: Url = Field(description="Base URL of the collector, such as `https://splunk.example.com:8088`")
    index: str = Field("", description="Index; empty: the default index of the token")
    sourcetype: str = Field("anthropic:audit", description="Source type of the events")

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if not self.has_secret:
            message = "the location of the token is missing: set one of secret_env, secret_file and secret_command"
            raise ValueError(message)
        return self

    @property
    def sends_token(self) -> bool:
        """Always: the token is the secret."""
        return True


class OtlpSink(_Web):
    """An OpenTelemetry logs endpoint (OTLP over HTTP, as JSON)."""

    to: Literal["otlp"]
    url: Url = Field(description="URL that logs are sent to, such as `http://127.0.0.1:4318/v1/logs`")
    headers: Headers = Field({}, description="Headers of each request; never secrets")
    service_name: str = Field("anthropic-audit", description="`service.name` of the resource")

    @property
    def sends_token(self) -> bool:
        """Always: the secret is sent as a bearer token."""
        return True


class KafkaSink(_Sink):
    """A Kafka topic; the key of a message is the activity's id."""

    library: ClassVar[str | None] = "confluent_kafka"

    to: Literal["kafka"]
    brokers: tuple[Filled, ...] = Field(min_length=1, description="Bootstrap brokers, as `host:port`")
    topic: Filled = Field("anthropic-audit", description="Topic; it must exist, or the broker must create it")
    username: str = Field("", description="SASL user; the secret is the password")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism"
    )
    tls: bool = Field(default=False, description="Connect to the brokers with TLS")
    ca_file: str = Field("", description="PEM file of certificate authorities to trust instead of the system's")
    options: dict[str, str] = Field({}, description="Further options of librdkafka; never secrets")


ClusterSink = ElasticsearchSink | OpenSearchSink
"""Sinks that are clusters: `sinks setup`, `check` and `sinks verify` work with them."""
SinkSettings = ElasticsearchSink | OpenSearchSink | NdjsonSink | HttpSink | SplunkHecSink | OtlpSink | KafkaSink
SINKS: Mapping[str, type[BaseModel]] = {
    "elasticsearch": ElasticsearchSink,
    "opensearch": OpenSearchSink,
    "ndjson": NdjsonSink,
    "http": HttpSink,
    "splunk_hec": SplunkHecSink,
    "otlp": OtlpSink,
    "kafka": KafkaSink,
}
"""Settings class of each kind of sink, by the value of `to`."""
