"""What a cluster needs before it takes events: templates and rules for its indices; told first, then made.

Whatever is made carries a digest of what was wanted, by which a later run finds it unchanged. Data is never touched:
when the fields of a data stream change, it goes on in a new backing index.
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
from anthropic_audit.errors import SinkDeniedError, SinkRefusedError
from anthropic_audit.ingest import ingest_pipeline
from anthropic_audit.normalize import Options
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
    """The program that shows what a cluster has."""

    def description(self, name: str) -> str | None:
        """Return the description of a dashboard, or None when there is none of this id."""
        ...

    def take(self, ndjson: bytes) -> None:
        """Import saved objects in the place of those with the same ids."""
        ...


class PlannedChange(StrEnum):
    """What is done to a part of the set-up."""

    NONE = "unchanged"
    CREATE = "create"
    UPDATE = "update"
    ROLL_OVER = "roll over"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class SetupPart:
    """Something a cluster has to have, and where it is."""

    what: str
    name: str
    path: str
    body: Body
    changes_fields: bool = False
    may_be_missing: bool = False
    """True for what a cluster may have no room for: a plugin that is not installed."""

    @property
    def digest(self) -> str:
        """What tells one body from another."""
        return sha256(orjson.dumps(self.body, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A part, and what is done to it."""

    what: str
    name: str
    change: PlannedChange
    reason: str = ""


def set_up_dashboards(boards: Boards, settings: ClusterSink, *, is_rehearsal: bool = False) -> SetupStep:
    """Install the overview, unless it is there as this version makes it; a rehearsal installs nothing.

    Raises:
        SinkBusyError, SinkRefusedError, SinkDeniedError: The program does not take it.
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
    """Make what is missing or outdated, and yield what was done; a rehearsal makes nothing.

    Raises:
        SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not do it.
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
    """Say whether the cluster has a template for the data stream; who may deliver and not look is believed.

    Raises:
        SinkBusyError, SinkRefusedError: The cluster does not say.
    """
    try:
        return cluster.ask("GET", f"/_index_template/{settings.data_stream}") is not None
    except SinkDeniedError:
        return True


def parts(settings: ClusterSink, catalogue: Catalogue) -> Sequence[SetupPart]:
    """Return what a cluster has to have, in the order in which it is made."""
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
    """Return the pipeline for those who ship raw activities with another agent; nothing uses it by itself."""
    name = f"{settings.data_stream}-raw"
    body = ingest_pipeline(catalogue, Options(namespace=settings.namespace))
    return SetupPart("ingest pipeline", name, f"/_ingest/pipeline/{name}", body, may_be_missing=True)


def _custom() -> SetupPart:
    """Return the component template of administrators, which OpenSearch wants to exist; it is made once."""
    return SetupPart("component template", CUSTOM, f"/_component_template/{CUSTOM}", {"template": {}})


def _lifecycle(settings: ClusterSink) -> tuple[Sequence[SetupPart], Body]:
    """Return the rules by which indices come and go, and what the index template says of them."""
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
    """Return that a part is left out, with the cluster's own words: they tell what it lacks from what is wrong.

    Raises:
        SinkRefusedError: The part has to be there.
    """
    if not part.may_be_missing or error.status != _NO_SUCH_PATH:
        raise error
    return SetupStep(part.what, part.name, PlannedChange.SKIP, f"{_MISSING}: {error}")


def _marked(part: SetupPart) -> Body:
    """Return a body with its digest, where each kind of part has room for it."""
    if "processors" in part.body:  # OpenSearch takes no `_meta` here
        return {**part.body, "description": f"{part.body['description']} ({_DIGEST} {part.digest})"}
    if "policy" not in part.body:
        return {**part.body, "_meta": {**part.body.get("_meta", {}), _DIGEST: part.digest}}
    policy = part.body["policy"]
    if "phases" in policy:
        return {"policy": {**policy, "_meta": {_DIGEST: part.digest}}}
    return {"policy": {**policy, "description": f"{policy['description']} ({_DIGEST} {part.digest})"}}


def _found_digest(current: Any) -> str | None:  # noqa: ANN401 - JSON of several kinds of parts
    """Find the digest in a part as a cluster gives it."""
    text = orjson.dumps(current).decode()
    for mark in (f'"{_DIGEST}":"', f"({_DIGEST} "):
        _, found, rest = text.partition(mark)
        if found:
            return rest[:64]
    return None


def _versioned(path: str, current: Mapping[str, Any] | None) -> str:
    """Return where a part is put; OpenSearch's policies are replaced by their version only."""
    if isinstance(current, Mapping) and "_seq_no" in current:
        return f"{path}?if_seq_no={current['_seq_no']}&if_primary_term={current['_primary_term']}"
    return path
