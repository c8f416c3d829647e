"""Probe of a sink: whether it can be opened, and whether a cluster responds and is set up."""

from __future__ import annotations

from collections.abc import Iterator

from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.delivery import PlannedChange, set_up
from anthropic_audit.ports import Clock
from anthropic_audit.redact import Secret
from anthropic_audit.settings import ElasticsearchSink, OpenSearchSink, SinkSettings
from anthropic_audit.sinks import open_cluster, open_sink

from .findings import CheckResult, State


def sink_findings(sink: SinkSettings, secret: Secret | None, clock: Clock, *, offline: bool) -> Iterator[CheckResult]:
    """Open a sink, and query a cluster's version and set-up; nothing is delivered or created.

    Raises:
        SetupError, SinkBusyError, SinkDeniedError, SinkRefusedError: The sink can't be opened or queried.
    """
    what = f"sink {sink.name}"
    if isinstance(sink, ElasticsearchSink | OpenSearchSink) and not offline:
        yield from _cluster(what, sink, secret)
        return
    open_sink(sink, secret, clock).close()
    yield CheckResult(what, State.SKIPPED if offline else State.FINE, f"delivers to {sink.to}; no request was sent")


def _cluster(what: str, sink: ElasticsearchSink | OpenSearchSink, secret: Secret | None) -> Iterator[CheckResult]:
    cluster = open_cluster(sink, secret)
    try:
        about = cluster.ask("GET", "/") or {}
        version = about.get("version", {})
        yield CheckResult(
            what, State.FINE, f"{version.get('distribution', 'elasticsearch')} {version.get('number', '')} responds"
        )
        steps = [
            one
            for one in set_up(cluster, sink, load_catalogue(), is_rehearsal=True)
            if one.change not in (PlannedChange.NONE, PlannedChange.SKIP)
        ]
    finally:
        cluster.close()
    cure = f"run `anthropic-audit sinks setup {sink.name}`"
    missing = [one for one in steps if one.change is PlannedChange.CREATE and one.what == "index template"]
    if missing:
        yield CheckResult(f"{what}: set-up", State.WRONG, "the cluster has no template for the data stream", cure)
    elif steps:
        names = ", ".join(f"{one.what} {one.name}" for one in steps)
        yield CheckResult(f"{what}: set-up", State.WARNING, f"differs from this version's set-up: {names}", cure)
    else:
        yield CheckResult(f"{what}: set-up", State.FINE, f"{sink.data_stream} is set up")
