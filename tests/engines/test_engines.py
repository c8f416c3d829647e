"""The engines themselves: they start, refuse a repeat, keep over a kill what they acknowledged, and leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest
from confluent_kafka import Consumer, Producer
from tests.engines.launch import Engine
from tests.engines.plugin import Make
from tests.engines.resolve import UnreachableError, cached

pytestmark = pytest.mark.slow

DOCUMENT = {"@timestamp": "2026-06-01T12:00:00Z", "message": "hello"}


def data_stream(engine: Engine) -> str:
    """Return the name of a data stream that the first document will create."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    template = {"index_patterns": [name], "data_stream": {}, "template": {"settings": {"number_of_replicas": 0}}}
    assert httpx2.put(f"{engine.url}/_index_template/{name}", json=template).is_success
    return name


def create(engine: Engine, stream: str, key: str) -> int:
    return httpx2.put(f"{engine.url}/{stream}/_create/{key}", json=DOCUMENT).status_code


def found(engine: Engine, stream: str) -> list[tuple[str, Any]]:
    assert httpx2.post(f"{engine.url}/{stream}/_refresh").is_success
    hits = httpx2.get(f"{engine.url}/{stream}/_search").json()["hits"]["hits"]
    return [(hit["_id"], hit["_source"]) for hit in hits]


def refuses_a_repeat_and_survives_a_kill(engine: Engine) -> None:
    stream, address = data_stream(engine), engine.address
    assert create(engine, stream, "one") == 201
    assert create(engine, stream, "one") == 409

    engine.kill()
    assert not engine.is_running
    with pytest.raises(httpx2.ConnectError):
        create(engine, stream, "one")
    engine.start()

    assert engine.is_running
    assert engine.address == address
    assert create(engine, stream, "one") == 409
    assert found(engine, stream) == [("one", DOCUMENT)]


def test_opensearch_keeps_what_it_acknowledged(opensearch: Engine) -> None:
    refuses_a_repeat_and_survives_a_kill(opensearch)


def test_elasticsearch_keeps_what_it_acknowledged(elasticsearch: Engine) -> None:
    refuses_a_repeat_and_survives_a_kill(elasticsearch)


def test_a_second_opensearch_takes_settings_of_its_own(opensearch: Engine, make_opensearch: Make) -> None:
    with make_opensearch({"http.max_content_length": "1kb"}) as small:
        stream = data_stream(small)
        big = httpx2.put(f"{small.url}/{stream}/_create/one", json={**DOCUMENT, "message": "x" * 2000})

        assert big.status_code == 413
        assert small.address != opensearch.address
        assert opensearch.is_running

    assert not small.is_running


def test_kafka_keeps_what_it_acknowledged(kafka: Engine) -> None:
    topic = f"test-{uuid.uuid4().hex[:8]}"
    produce(kafka, topic, [b"one", b"two"])

    kafka.kill()
    kafka.start()
    produce(kafka, topic, [b"three"])

    assert consume(kafka, topic, 3) == [b"one", b"two", b"three"]


def produce(engine: Engine, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": engine.bootstrap, "enable.idempotence": True, "log_level": 0})
    failed: list[object] = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: failed.append(error) if error else None)

    assert producer.flush(20) == 0
    assert failed == []


def consume(engine: Engine, topic: str, wanted: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": engine.bootstrap,
            "group.id": topic,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic])
    try:
        return [message.value() for message in consumer.consume(wanted, timeout=20)]
    finally:
        consumer.close()


def test_an_engine_is_stopped_and_started_again(opensearch: Engine) -> None:
    opensearch.stop()
    opensearch.stop()
    assert not opensearch.is_running

    opensearch.start()
    opensearch.start()

    assert opensearch.is_running
    assert httpx2.get(opensearch.url).is_success
    assert "started" in opensearch.log.read_text()


STRAY = """
import sys
from pathlib import Path
from tests.engines.kafka import kafka

engine = kafka(Path(sys.argv[1]), {})
engine.start()
print(engine._process.pid, flush=True)
input()
"""


def test_an_engine_does_not_outlive_a_session_that_is_killed(kafka: Engine, tmp_path: Path) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", STRAY, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with session:
        assert session.stdout is not None
        engine = int(session.stdout.readline())
        assert is_alive(engine)

        session.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while is_alive(engine):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_engine_that_ends_at_once_says_why(make_opensearch: Make) -> None:
    with pytest.raises(AssertionError, match="unknown setting"):
        make_opensearch({"no.such.setting": "1"})


def test_half_a_download_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.resolve.CACHE", tmp_path)

    def stop_halfway(folder: Path) -> None:
        (folder / "half").touch()
        message = "unplugged"
        raise UnreachableError(message)

    with pytest.raises(UnreachableError, match="unplugged"):
        cached("part", ["key"], stop_halfway)
    folder = cached("part", ["key"], lambda folder: (folder / "whole").touch())

    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert cached("part", ["key"], stop_halfway) == folder
