"""Setup of a cluster: its templates, lifecycle rules and ingest pipeline, and its dashboard.

Every part carries a digest of its body, by which a later run recognizes that it is unchanged. Data is never changed:
when the fields of a data stream change, the stream rolls over to a new backing index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

import orjson

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.dashboards import DASHBOARD, kibana_objects, opensearch_objects, stamped, to_ndjson
from anthropic_audit.ecs import Options
from anthropic_audit.errors import SinkDeniedError, SinkRefusedError
from anthropic_audit.ingest import ingest_pipeline
from anthropic_audit.schemas import CUSTOM, PACKAGE, Engine, index_template, package_template
from anthropic_audit.settings import ClusterSink, ElasticsearchSink
from anthropic_audit.sinks.cluster import Cluster

Body = dict[str, Any]
_DIGEST = "digest"
_MAX_SHARD_SIZE = "50gb"
_MAX_INDEX_AGE_DAYS = 30
_NO_SUCH_PATH = 400
_MISSING = "the cluster probably lacks the module or plugin for it"


class Boards(Protocol):
    """Kibana or OpenSearch Dashboards, as far as setup needs it."""

    def description(self, name: str) -> str | None:
        """Return the description of the dashboard with an id, or None if there is none."""
        ...

    def take(self, ndjson: bytes) -> None:
        """Import saved objects, replacing those with the same ids."""
        ...


class PlannedChange(StrEnum):
    """The change that setup makes to a part."""

    NONE = "unchanged"
    CREATE = "create"
    UPDATE = "update"
    ROLL_OVER = "roll over"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class SetupPart:
    """A part of the setup, with its API path and body."""

    what: str
    name: str
    path: str
    body: Body
    changes_fields: bool = False
    may_be_missing: bool = False
    """True if a cluster may lack support for the part, such as a plugin."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, by which changes are recognized."""
        return sha256(orjson.dumps(self.body, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A part of the setup, and the change made to it."""

    what: str
    name: str
    change: PlannedChange
    reason: str = ""


def set_up_dashboards(boards: Boards, settings: ClusterSink, *, is_rehearsal: bool = False) -> SetupStep:
    """Install the dashboard unless it is up to date; a rehearsal only returns the change.

    Raises:
        SinkBusyError, SinkRefusedError, SinkDeniedError: Kibana or OpenSearch Dashboards does not accept the request.
    """
    made = kibana_objects() if isinstance(settings, ElasticsearchSink) else opensearch_objects()
    objects, description = stamped(made)
    name = next(one["id"] for one in objects if one["type"] == DASHBOARD)
    current = boards.description(name)
    if current == description:
        return SetupStep("dashboard", name, PlannedChange.NONE)
    if not is_rehearsal:
        boards.take(to_ndjson(objects))
    return SetupStep("dashboard", name, PlannedChange.CREATE if current is None else PlannedChange.UPDATE)


def set_up(
    cluster: Cluster, settings: ClusterSink, catalogue: Catalogue, *, is_rehearsal: bool = False
) -> Iterator[SetupStep]:
    """Create or update each part that is missing or outdated, and yield the changes; a rehearsal only yields them.

    Raises:
        SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not accept a request.
    """
    fields_changed = False
    for part in parts(settings, catalogue):
        step = _make(cluster, part, is_rehearsal=is_rehearsal)
        fields_changed |= part.changes_fields and step.change is PlannedChange.UPDATE
        yield step
    if fields_changed and cluster.ask("GET", f"/{settings.data_stream}") is not None:
        if not is_rehearsal:
            cluster.ask("POST", f"/{settings.data_stream}/_rollover")
        yield SetupStep("data stream", settings.data_stream, PlannedChange.ROLL_OVER, "new events have new fields")


def is_set_up(cluster: Cluster, settings: ClusterSink) -> bool:
    """Return whether the cluster has a template for the data stream; True if the credentials may not read it.

    Raises:
        SinkBusyError, SinkRefusedError: The cluster does not accept the request.
    """
    try:
        return cluster.ask("GET", f"/_index_template/{settings.data_stream}") is not None
    except SinkDeniedError:
        return True


def parts(settings: ClusterSink, catalogue: Catalogue) -> Sequence[SetupPart]:
    """Return all parts of a cluster's setup, in the order in which they are created."""
    engine = Engine(settings.to)
    stream = settings.data_stream
    lifecycle, own = _lifecycle(settings)
    constant = {"type": "constant_keyword", "value": settings.namespace}
    fields = {"data_stream": {"properties": {"namespace": constant}}}
    template = index_template(catalogue, engine, settings.namespace, {**own, "mappings": {"properties": fields}})
    template["composed_of"] = [PACKAGE, CUSTOM]
    package = package_template(catalogue, engine)
    return (
        *lifecycle,
        SetupPart("component template", PACKAGE, f"/_component_template/{PACKAGE}", package, changes_fields=True),
        *([] if engine is Engine.ELASTICSEARCH else [_custom()]),
        SetupPart("index template", stream, f"/_index_template/{stream}", template, changes_fields=True),
        _pipeline(settings, catalogue),
    )


def _pipeline(settings: ClusterSink, catalogue: Catalogue) -> SetupPart:
    """Return the ingest pipeline for activities that another agent ships; this program does not use it."""
    name = f"{settings.data_stream}-raw"
    body = ingest_pipeline(catalogue, Options(namespace=settings.namespace))
    return SetupPart("ingest pipeline", name, f"/_ingest/pipeline/{name}", body, may_be_missing=True)


def _custom() -> SetupPart:
    """Return the component template for administrators' changes, which must exist in OpenSearch; it is created once."""
    return SetupPart("component template", CUSTOM, f"/_component_template/{CUSTOM}", {"template": {}})


def _lifecycle(settings: ClusterSink) -> tuple[Sequence[SetupPart], Body]:
    """Return the parts for the lifecycle of indices, and the additions to the index template."""
    days = settings.retention.days
    if not isinstance(settings, ElasticsearchSink):
        return (_ism_policy(settings.data_stream, days),), {}
    if settings.lifecycle == "stream":
        return (), {"lifecycle": {"data_retention": f"{days}d"} if days else {}}
    phases: Body = {
        "hot": {
            "actions": {"rollover": {"max_age": f"{_MAX_INDEX_AGE_DAYS}d", "max_primary_shard_size": _MAX_SHARD_SIZE}}
        }
    }
    if days:
        phases["delete"] = {"min_age": f"{days}d", "actions": {"delete": {}}}
    name = settings.data_stream
    policy = SetupPart("lifecycle policy", name, f"/_ilm/policy/{name}", {"policy": {"phases": phases}})
    return (policy,), {"settings": {"index": {"lifecycle": {"name": name}}}}


def _ism_policy(stream: str, days: int) -> SetupPart:
    """Return the policy of OpenSearch's Index State Management, a plugin that most clusters have."""
    hot: Body = {
        "name": "hot",
        "actions": [
            {"rollover": {"min_index_age": f"{_MAX_INDEX_AGE_DAYS}d", "min_primary_shard_size": _MAX_SHARD_SIZE}}
        ],
        "transitions": [{"state_name": "delete", "conditions": {"min_index_age": f"{days}d"}}] if days else [],
    }
    states = [hot, *([{"name": "delete", "actions": [{"delete": {}}], "transitions": []}] if days else [])]
    body = {
        "policy": {
            "description": "Backing indices of the Anthropic audit trail",
            "default_state": "hot",
            "states": states,
            "ism_template": [{"index_patterns": [f".ds-{stream}-*"], "priority": 100}],
        }
    }
    path = f"/_plugins/_ism/policies/{stream}"
    return SetupPart("lifecycle policy", stream, path, body, may_be_missing=True)


def _make(cluster: Cluster, part: SetupPart, *, is_rehearsal: bool) -> SetupStep:
    try:
        current = cluster.ask("GET", part.path)
    except SinkRefusedError as error:
        return _skipped(part, error)
    if current is not None and _found_digest(current) == part.digest:
        return SetupStep(part.what, part.name, PlannedChange.NONE)
    if current is not None and not part.body.get("template", True):
        return SetupStep(part.what, part.name, PlannedChange.NONE, "it belongs to the administrator")
    change = PlannedChange.CREATE if current is None else PlannedChange.UPDATE
    if not is_rehearsal:
        try:
            cluster.ask("PUT", _versioned(part.path, current), _marked(part))
        except SinkRefusedError as error:
            return _skipped(part, error)
    return SetupStep(part.what, part.name, change)


def _skipped(part: SetupPart, error: SinkRefusedError) -> SetupStep:
    """Return the step for a part that is skipped, with the cluster's message as its reason.

    Raises:
        SinkRefusedError: The part is required, or the refusal has another cause.
    """
    if not part.may_be_missing or error.status != _NO_SUCH_PATH:
        raise error
    return SetupStep(part.what, part.name, PlannedChange.SKIP, f"{_MISSING}: {error}")


def _marked(part: SetupPart) -> Body:
    """Return a body with its digest in the member that each kind of part has for it."""
    if "processors" in part.body:  # OpenSearch takes no `_meta` here
        return {**part.body, "description": f"{part.body['description']} ({_DIGEST} {part.digest})"}
    if "policy" not in part.body:
        return {**part.body, "_meta": {**part.body.get("_meta", {}), _DIGEST: part.digest}}
    policy = part.body["policy"]
    if "phases" in policy:
        return {"policy": {**policy, "_meta": {_DIGEST: part.digest}}}
    return {"policy": {**policy, "description": f"{policy['description']} ({_DIGEST} {part.digest})"}}


def _found_digest(current: Any) -> str | None:  # noqa: ANN401 - JSON of several kinds of parts
    """Return the digest in a part as the cluster returns it, or None."""
    text = orjson.dumps(current).decode()
    for mark in (f'"{_DIGEST}":"', f"({_DIGEST} "):
        _, found, rest = text.partition(mark)
        if found:
            return rest[:64]
    return None


def _versioned(path: str, current: Mapping[str, Any] | None) -> str:
    """Return the path to write a part to; OpenSearch replaces a policy only if its version is given."""
    if isinstance(current, Mapping) and "_seq_no" in current:
        return f"{path}?if_seq_no={current['_seq_no']}&if_primary_term={current['_primary_term']}"
    return path
