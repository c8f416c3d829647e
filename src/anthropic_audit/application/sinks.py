"""Build what delivers events to a sink."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Final

from anthropic_audit.archive import DeliveryLedger
from anthropic_audit.delivery import Deliverer, Limits, Prepare, Sender, is_set_up
from anthropic_audit.errors import SetupError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.ports import Sink
from anthropic_audit.progress import Watch
from anthropic_audit.redact import Secret
from anthropic_audit.settings import ElasticsearchSink, OpenSearchSink, Settings, SinkSettings
from anthropic_audit.settings_loader import resolve_sink_secret
from anthropic_audit.sinks import open_cluster, open_sink
from anthropic_audit.sinks.cluster import Cluster

from . import Application, Warn
from .normalizing import configured_processors

RETRY_FOREVER: Final = RetryPolicy(give_up_after=timedelta(days=36_500))
"""For followers, which deliver until the operator stops them."""


def chosen_sinks(settings: Settings, names: Sequence[str]) -> list[SinkSettings]:
    """Return the sinks of these names, or all if there are no names.

    Raises:
        SetupError: No sink is configured, or none has one of the names.
    """
    if not settings.sinks:
        message = "no sink is configured"
        raise SetupError(message, hint="a sink starts with `[[sinks]]` in the settings file: docs/guides/sinks.md")
    by_name = {one.name: one for one in settings.sinks}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        message = f"there is no such sink: {', '.join(unknown)}"
        raise SetupError(message, hint=f"the settings have: {', '.join(by_name)}")
    return [by_name[name] for name in names] if names else list(settings.sinks)


def chosen_cluster(settings: Settings, name: str) -> ElasticsearchSink | OpenSearchSink:
    """Return the sink of this name, which must be a cluster.

    Raises:
        SetupError: There is no such sink, or it is not Elasticsearch or OpenSearch.
    """
    (sink,) = chosen_sinks(settings, [name])
    if not isinstance(sink, ElasticsearchSink | OpenSearchSink):
        message = f"sink {name} delivers to {sink.to}, which can't be set up or queried"
        raise SetupError(message, hint="this command is for Elasticsearch and OpenSearch")
    return sink


def opened_cluster(application: Application, name: str) -> Cluster:
    """Open the cluster of the sink of this name, with its secret.

    Raises:
        SetupError: It is not a cluster, or a library, the secret, an address or a certificate is missing.
    """
    sink = chosen_cluster(application.settings, name)
    return open_cluster(sink, found_secret(application, sink))


def found_secret(application: Application, sink: SinkSettings, warn: Warn | None = None) -> Secret | None:
    """Return a sink's secret, or None if it needs none; a warning about where it is kept is reported.

    Raises:
        SetupError: The settings name a place, and there is no secret.
    """
    key = resolve_sink_secret(sink, application.environ)
    if key is None:
        return None
    if key.warning:
        (warn or application.warn)(f"sink {sink.name}: {key.warning}")
    return key.secret


def preparing(application: Application, sink: SinkSettings) -> Prepare:
    """Return the function that prepares events for a sink: processors, and the namespace of a cluster.

    Raises:
        SetupError: A processor names an unknown field, or its key is missing.
    """
    return Prepare(configured_processors(application), namespace=sink.event_namespace)


@contextmanager
def open_deliverer(
    application: Application,
    sink: SinkSettings,
    watch: Watch,
    *,
    retry: RetryPolicy,
    moves: bool = True,
    warn: Warn | None = None,
) -> Iterator[Deliverer]:
    """Open a sink and its ledger in the archive.

    Args:
        application: Settings and surroundings.
        sink: One of the settings' sinks.
        watch: Gets the progress.
        retry: How long a busy target is tried.
        moves: Whether this delivery moves the sink's position; False beside its follower.
        warn: Reports a warning about the secret, instead of the application.

    Raises:
        SetupError: A library, the secret, an address or index templates are missing.
        ArchiveBusyError: Another process delivers to this sink.
    """
    clock = application.clock
    prepare = preparing(application, sink)
    with ExitStack() as stack:
        ledger = stack.enter_context(DeliveryLedger(application.settings.archive, sink.name, clock.now(), moves=moves))
        target = open_sink(sink, found_secret(application, sink, warn), clock)
        stack.callback(target.close)
        _check_set_up(sink, target)
        limits = Limits(sink.batch_events, sink.batch_bytes, sink.parallel_requests, sink.max_event_bytes)
        sender = Sender(target, limits, clock, retry=retry, watch=watch, chance=random.random)
        yield Deliverer(ledger, stack.enter_context(sender), prepare, clock=clock, watch=watch)


def _check_set_up(sink: SinkSettings, target: Sink) -> None:
    """Refuse a cluster without templates: it would guess the types of fields, or create a plain index."""
    if (
        isinstance(sink, ElasticsearchSink | OpenSearchSink)
        and isinstance(target, Cluster)
        and not is_set_up(target, sink)
    ):
        message = f"sink {sink.name}: the cluster has no template for {sink.data_stream}"
        raise SetupError(message, hint=f"run `anthropic-audit sinks setup {sink.name}`")
