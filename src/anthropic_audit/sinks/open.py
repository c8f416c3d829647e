"""Opening of sinks from their settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from anthropic_audit.errors import SetupError
from anthropic_audit.network import nothing
from anthropic_audit.ports import Clock, Sink
from anthropic_audit.redact import Secret
from anthropic_audit.settings import (
    ClusterSink,
    ElasticsearchSink,
    KafkaSink,
    NdjsonSink,
    SinkSettings,
)

from .certificates import tls_context
from .cluster import Cluster
from .files import FileSink, StreamSink
from .otlp import OtlpTarget
from .splunk import SplunkTarget
from .webhook import WebhookTarget


def missing_library(settings: SinkSettings) -> str | None:
    """Return the name of the extra that a sink needs and that is not installed, or None."""
    return settings.to if settings.library is not None and find_spec(settings.library) is None else None


def open_sink(settings: SinkSettings, secret: Secret | None, clock: Clock) -> Sink:
    """Return the sink of given settings; nothing is sent yet.

    Raises:
        SetupError: A library is missing, or an address, a folder or a certificate can't be used.
    """
    tls_context(settings)  # the libraries read the files at the first request, and report a network error
    return _OPEN[settings.to](settings, secret, clock)


def open_cluster(settings: ClusterSink, secret: Secret | None, check: Callable[[], None] = nothing) -> Cluster:
    """Return the cluster of a sink's settings, which can also be searched and set up.

    Raises:
        SetupError: A library is missing, or an address or a certificate can't be used.
    """
    _require_library(settings)
    tls_context(settings)  # the libraries read the files at the first request, and report a network error
    if isinstance(settings, ElasticsearchSink):
        from .elasticsearch import ElasticsearchApi

        return Cluster(ElasticsearchApi(settings, secret, check), check)
    from .opensearch import OpenSearchApi

    return Cluster(OpenSearchApi(settings, secret, check), check)


def _require_library(settings: SinkSettings) -> None:
    extra = missing_library(settings)
    if extra is not None:
        message = f"sink {settings.name}: the extra `{extra}` is not installed"
        raise SetupError(message, hint=f"pip install 'anthropic-audit[{extra}]'")


def _open_files(settings: NdjsonSink, _: Secret | None, clock: Clock) -> Sink:
    return StreamSink(settings.name) if settings.folder == "-" else FileSink(settings, clock)


def _open_kafka(settings: KafkaSink, secret: Secret | None, clock: Clock) -> Sink:
    _require_library(settings)
    from .kafka import KafkaTopic

    return KafkaTopic(settings, secret, clock.check)


_OPEN: Mapping[str, Callable[[Any, Secret | None, Clock], Sink]] = {
    "elasticsearch": lambda settings, secret, clock: open_cluster(settings, secret, clock.check),
    "opensearch": lambda settings, secret, clock: open_cluster(settings, secret, clock.check),
    "ndjson": _open_files,
    "http": lambda settings, secret, clock: WebhookTarget(settings, secret, clock.check),
    "splunk_hec": lambda settings, secret, clock: SplunkTarget(settings, secret, clock.check),
    "otlp": lambda settings, secret, clock: OtlpTarget(settings, secret, clock.check),
    "kafka": _open_kafka,
}
"""Functions that open a sink, by its `to`."""
