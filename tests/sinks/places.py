"""Every kind of sink with a real target: its settings, stored events, and faults."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
from confluent_kafka import Consumer, TopicPartition
from tests.engines.launch import Engine
from tests.sinks.receiver import Receiver

from anthropic_audit.catalogue import load
from anthropic_audit.delivery import set_up
from anthropic_audit.redact import Secret
from anthropic_audit.settings import Settings, SinkSettings
from anthropic_audit.sinks import open_cluster

_NUMBERS = itertools.count(1)
_POISON = "no address"

Document = dict[str, Any]


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Place:
    """A target, as tests read and disturb it."""

    settings: SinkSettings
    read: Callable[[], list[tuple[str, Document]]]
    """All stored events with their ids, repeats included."""
    stop: Callable[[], None] = _nothing
    """Stops the target; None for files."""
    start: Callable[[], None] = _nothing
    poison: Callable[[Document], Document] | None = None
    """Turns an event into one that the target rejects for good."""
    tells_repeats: bool = False
    """Whether an event that is sent twice is stored once."""
    secret: Secret | None = None


def sink(**settings: object) -> SinkSettings:
    return Settings.model_validate({"sinks": [{"name": "place", "timeout": "10s", **settings}]}).sinks[0]


def with_bad_address(document: Document) -> Document:
    return {**document, "source": {"ip": _POISON}}


def opensearch(engine: Engine) -> Place:
    settings = sink(to="opensearch", urls=[engine.url], namespace=f"n{next(_NUMBERS)}", batch_events=300)
    cluster = open_cluster(settings, None)  # type: ignore[arg-type] # it is one
    list(set_up(cluster, settings, load()))  # type: ignore[arg-type]
    cluster.close()
    stream = settings.data_stream  # type: ignore[union-attr]
    return Place(
        settings, lambda: documents(engine, stream), engine.kill, engine.start, with_bad_address, tells_repeats=True
    )


def elasticsearch(engine: Engine) -> Place:
    """A data stream of a bare node, which lacks some of the types that our own templates name."""
    settings = sink(to="elasticsearch", urls=[engine.url], namespace=f"n{next(_NUMBERS)}", batch_events=300)
    stream = settings.data_stream  # type: ignore[union-attr]
    properties = {
        "@timestamp": {"type": "date"},
        "source": {"properties": {"ip": {"type": "ip"}}},
        "anthropic": {"type": "flattened", "ignore_above": 1024},
    }
    template = {
        "index_patterns": [stream],
        "data_stream": {},
        "priority": 500,
        "template": {"mappings": {"dynamic": False, "properties": properties}},
    }
    httpx2.put(f"{engine.url}/_index_template/{stream}", json=template).raise_for_status()
    return Place(
        settings, lambda: documents(engine, stream), engine.kill, engine.start, with_bad_address, tells_repeats=True
    )


def ndjson(folder: Path) -> Place:
    settings = sink(to="ndjson", folder=str(folder / "out"), rotate_bytes=400_000, compress=True, batch_events=300)

    def read() -> list[tuple[str, Document]]:
        found = []
        for path in sorted((folder / "out").iterdir()):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += [orjson.loads(line) for line in content.splitlines()]
        return [(one["event"]["id"], one) for one in found]

    return Place(settings, read, tells_repeats=True)


def web(kind: str, receiver: Receiver) -> Place:
    """A receiver that refuses a body with a poisoned event in it, as strict ones do."""
    receiver.status = lambda body: 400 if _POISON.encode() in body else 200
    kinds: Mapping[str, tuple[Mapping[str, object], Callable[[bytes], Sequence[Document]]]] = {
        "http": ({"url": receiver.url}, _lines),
        "splunk_hec": (
            {"url": receiver.url, "secret_env": "TOKEN"},
            lambda body: [one["event"] for one in _lines(body)],
        ),
        "otlp": ({"url": f"{receiver.url}/v1/logs"}, _records),
    }
    options, events = kinds[kind]

    def read() -> list[tuple[str, Document]]:
        found = [one for heard in receiver.heard for one in events(heard.body)]
        return [(one["event"]["id"], one) for one in found]

    settings = sink(to=kind, batch_events=300, **options)
    return Place(settings, read, receiver.stop, receiver.start, with_bad_address, secret=Secret("a-token"))


def kafka(engine: Engine) -> Place:
    topic = f"t{next(_NUMBERS)}"
    settings = sink(to="kafka", brokers=[engine.bootstrap], topic=topic, batch_events=300, timeout="3s")

    def too_long(document: Document) -> Document:
        return {**document, "message": "x" * 2_000_000}

    return Place(settings, lambda: messages(engine, topic), engine.kill, engine.start, too_long)


def documents(engine: Engine, stream: str) -> list[tuple[str, Document]]:
    """Return all documents of a data stream."""
    httpx2.post(f"{engine.url}/{stream}/_refresh")
    answer = httpx2.post(f"{engine.url}/{stream}/_search?scroll=1m", json={"size": 5000})
    if answer.status_code == httpx2.codes.NOT_FOUND:
        return []
    page, found = answer.json(), []
    while page["hits"]["hits"]:
        found += [(hit["_id"], hit["_source"]) for hit in page["hits"]["hits"]]
        page = httpx2.post(
            f"{engine.url}/_search/scroll", json={"scroll": "1m", "scroll_id": page["_scroll_id"]}
        ).json()
    return found


def messages(engine: Engine, topic: str) -> list[tuple[str, Document]]:
    """Return all messages of a topic."""
    consumer = Consumer({"bootstrap.servers": engine.bootstrap, "group.id": "reading", "log_level": 0})
    found = []
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        for number in partitions:
            partition = TopicPartition(topic, number, 0)
            _, end = consumer.get_watermark_offsets(partition, timeout=30)
            consumer.assign([partition])
            while end and (message := consumer.poll(30)) is not None:
                key, value = message.key(), message.value()
                assert key is not None
                assert value is not None
                found.append((key.decode(), orjson.loads(value)))
                if (message.offset() or 0) >= end - 1:
                    break
    finally:
        consumer.close()
    return found


def _lines(body: bytes) -> list[Document]:
    return [orjson.loads(line) for line in body.splitlines()]


def _records(body: bytes) -> list[Document]:
    scopes = [scope for resource in orjson.loads(body)["resourceLogs"] for scope in resource["scopeLogs"]]
    return [_plain(record["body"]) for scope in scopes for record in scope["logRecords"]]


def _plain(value: Document) -> Any:
    """Return the JSON value of an `AnyValue`."""
    match next(iter(value.items()), None):
        case ("kvlistValue", inner):
            return {one["key"]: _plain(one["value"]) for one in inner["values"]}
        case ("arrayValue", inner):
            return [_plain(one) for one in inner["values"]]
        case ("intValue", inner):
            return int(inner)
        case (_, inner):
            return inner
        case _:
            return None
