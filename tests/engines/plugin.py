"""Fixtures: one engine of each kind for the whole session, started on first use, and more with their own settings.

A test that kills or stops the shared engine must start it again, and must use its own names of indices, streams and
topics.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from tests.engines import elasticsearch as elasticsearch_engine
from tests.engines import kafka as kafka_engine
from tests.engines import opensearch as opensearch_engine
from tests.engines.launch import Engine
from tests.engines.resolve import UnreachableError

TIMEOUT_SECONDS = 600
"""Long enough for the first test, which also downloads the engine."""
FIXTURES = frozenset({"opensearch", "elasticsearch", "kafka", "make_opensearch", "make_elasticsearch", "make_kafka"})

Prepare = Callable[[Path, Mapping[str, str]], Engine]
Make = Callable[[Mapping[str, str]], Engine]
"""Starts an engine with settings. The engine ends with the session, or sooner by `stop()` or at the end of a `with`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Give tests that use an engine a timeout that includes its download."""
    for item in items:
        if engine_of(item) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def engine_of(item: pytest.Item) -> str | None:
    """Return the kind of engine that a test uses, or None."""
    names = {*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers())}
    used = FIXTURES.intersection(names)
    return min(used).removeprefix("make_") if used else None


@pytest.fixture(scope="session")
def make_opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    with making(opensearch_engine.opensearch, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def make_elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    with making(elasticsearch_engine.elasticsearch, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def make_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    with making(kafka_engine.kafka, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def opensearch(make_opensearch: Make) -> Engine:
    return make_opensearch({})


@pytest.fixture(scope="session")
def elasticsearch(make_elasticsearch: Make) -> Engine:
    return make_elasticsearch({})


@pytest.fixture(scope="session")
def kafka(make_kafka: Make) -> Engine:
    return make_kafka({})


@contextmanager
def making(prepare: Prepare, folders: pytest.TempPathFactory) -> Iterator[Make]:
    """Yield a function that starts engines, and stop all of them at the end."""
    with ExitStack() as started:

        def make(settings: Mapping[str, str]) -> Engine:
            try:
                engine = prepare(folders.mktemp(prepare.__name__), settings)
            except UnreachableError as error:
                give_up(error)
            return started.enter_context(engine)

        yield make


def give_up(error: UnreachableError) -> NoReturn:
    """Skip a test whose engine is not available; fail it on CI."""
    reason = f"{error}; run this test once with access to Maven Central, after that it needs no network"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
