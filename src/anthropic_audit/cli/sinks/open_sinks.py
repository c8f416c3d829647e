"""From the name of a sink to what delivers to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from anthropic_audit.archive import ArchiveReader, DeliveryLedger, open_reader
from anthropic_audit.cli.configuration import load_settings
from anthropic_audit.cli.environment import environment
from anthropic_audit.cli.normalizing import configured_processors
from anthropic_audit.cli.output import notes
from anthropic_audit.clock import SystemClock
from anthropic_audit.delivery import Deliverer, Limits, Prepare, Sender, is_set_up
from anthropic_audit.errors import SetupError
from anthropic_audit.feed.retry import RetryPolicy
from anthropic_audit.ports import Clock, Sink
from anthropic_audit.progress import Watch
from anthropic_audit.redact import Secret
from anthropic_audit.settings import ElasticsearchSink, NdjsonSink, OpenSearchSink, Settings, SinkSettings
from anthropic_audit.settings_loader import resolve_sink_secret
from anthropic_audit.sinks import open_cluster, open_sink
from anthropic_audit.sinks.cluster import Cluster

Warn = Callable[[str], None]
"""Says what is unwise."""
PATIENT = RetryPolicy(give_up_after=timedelta(days=36_500))
"""For those who go on until somebody stops them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One sink, ready to be delivered to, and the archive as it is now."""

    settings: Settings
    sink: SinkSettings
    reader: ArchiveReader
    errands: Deliverer
    clock: SystemClock


def chosen_sinks(settings: Settings, names: Sequence[str]) -> list[SinkSettings]:
    """Return the sinks of these names, or all.

    Raises:
        SetupError: None are set, or there is none of such a name.
    """
    if not settings.sinks:
        message = "no sink is set"
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
        SetupError: There is none, or it is none.
    """
    (sink,) = chosen_sinks(settings, [name])
    if not isinstance(sink, ElasticsearchSink | OpenSearchSink):
        message = f"sink {name} delivers to {sink.to}: that can't be set up or asked"
        raise SetupError(message, hint="this is for Elasticsearch and OpenSearch")
    return sink


def opened_cluster(sink: ElasticsearchSink | OpenSearchSink) -> Cluster:
    """Open a cluster with its secret.

    Raises:
        SetupError: A library, the secret, an address or a certificate is missing.
    """
    return open_cluster(sink, found_secret(sink))


def print_warning(text: str) -> None:
    """Say on stderr what is unwise."""
    notes().print(f"warning: {text}", markup=False)


def found_secret(sink: SinkSettings, warn: Warn = print_warning) -> Secret | None:
    """Find a sink's secret, if it has one, and say what is unwise about its place.

    Raises:
        SetupError: There is none at that place.
    """
    key = resolve_sink_secret(sink, environment())
    if key is None:
        return None
    if key.warning:
        warn(f"sink {sink.name}: {key.warning}")
    return key.secret


def preparing(settings: Settings, sink: SinkSettings) -> Prepare:
    """Return what is done to events before they go to a sink.

    Raises:
        SetupError: A processor names a field that there is not, or has no key.
    """
    namespace = sink.namespace if isinstance(sink, ElasticsearchSink | OpenSearchSink) else None
    return Prepare(configured_processors(settings), namespace=namespace)


@contextmanager
def opened_errands(
    settings: Settings,
    sink: SinkSettings,
    clock: Clock,
    watch: Watch,
    *,
    patience: RetryPolicy,
    moves: bool = True,
    warn: Warn = print_warning,
) -> Iterator[Deliverer]:
    """Open a sink and its place in the archive; `moves` says whether its position may move.

    Raises:
        SetupError: A library, the secret, an address or a set-up is missing.
        ArchiveBusyError: Another process delivers to it.
    """
    prepare = preparing(settings, sink)
    with ExitStack() as stack:
        ledger = stack.enter_context(DeliveryLedger(settings.archive, sink.name, clock.now(), moves=moves))
        target = open_sink(sink, found_secret(sink, warn), clock)
        stack.callback(target.close)
        _check_set_up(sink, target)
        workers = 1 if isinstance(sink, NdjsonSink) else sink.workers
        limits = Limits(sink.batch_events, sink.batch_bytes, workers, sink.max_event_bytes)
        courier = Sender(target, limits, clock, patience=patience, watch=watch, chance=random.random)
        yield Deliverer(ledger, stack.enter_context(courier), prepare, clock=clock, watch=watch)


@contextmanager
def opened(config: Path | None, archive: str | None, name: str, clock: SystemClock, watch: Watch) -> Iterator[Opened]:
    """Open one sink by its name, for work beside its follower that gives up after two minutes without an answer.

    Raises:
        SetupError: Something is missing or wrong in the settings.
    """
    settings = load_settings(config, {"archive": archive}).settings
    (sink,) = chosen_sinks(settings, [name])
    reader = open_reader(settings.archive)
    with opened_errands(settings, sink, clock, watch, patience=RetryPolicy(), moves=False) as errands:
        yield Opened(settings, sink, reader, errands, clock)


def _check_set_up(sink: SinkSettings, target: Sink) -> None:
    """Refuse a cluster without templates: it would guess the fields' types, or make an index that is no stream."""
    if (
        isinstance(sink, ElasticsearchSink | OpenSearchSink)
        and isinstance(target, Cluster)
        and not is_set_up(target, sink)
    ):
        message = f"sink {sink.name}: the cluster has no template for {sink.data_stream}"
        raise SetupError(message, hint=f"run `anthropic-audit sinks setup {sink.name}`")
