"""Kafka in one process, as both broker and controller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from tests.engines.launch import Engine, free_address, java
from tests.engines.resolve import classes, jars

SERVER = "org.apache.kafka:kafka_2.13:4.4.0"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
"""Resolved separately: together with the server, it would resolve Kafka's own clients to an old version."""
CLUSTER_ID = "anthropic-audit-test00"
HEAP_MEGABYTES = 256


def kafka(folder: Path, settings: Mapping[str, str]) -> Engine:
    """Return a Kafka that is not yet started, with settings in addition to the default ones."""
    server = (*jars(SERVER), *jars(LOGGING))
    launcher = classes("Leash.java", "KafkaNode.java", against=server)
    address = free_address()
    properties = furnish(folder, address, settings)
    flags = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    command = java([launcher, *server], HEAP_MEGABYTES, "KafkaNode", CLUSTER_ID, str(properties), flags=flags)
    return Engine(address, command, folder, is_ready)


def furnish(folder: Path, address: str, settings: Mapping[str, str]) -> Path:
    """Write the properties of a single node, with short sessions, so that it recovers soon after a kill."""
    controller = free_address()
    defaults = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "data"),
        "num.partitions": "1",
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
    }
    properties = folder / "server.properties"
    properties.write_text("".join(f"{key}={value}\n" for key, value in {**defaults, **settings}.items()))
    return properties


def is_ready(address: str) -> bool:
    """Return whether the broker answers and has joined its own cluster."""
    client = AdminClient({"bootstrap.servers": address, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
