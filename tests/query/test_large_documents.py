"""Words are found in large documents, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import orjson
import pyarrow as pa
import pytest
from tests.collecting import NOW

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.archive.rows import Events
from anthropic_audit.progress import ignore_progress
from anthropic_audit.query import SearchRequest, SortOrder, page
from anthropic_audit.query.ast import Query, Word
from anthropic_audit.query.sql import LARGE_DOCUMENT_BYTES
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

NUMBER, BYTES = 10, 1_000_000
TEXT = 'Zoë said "switch off\\on" to ΣΊΣΥΦΟΣ\tat 100;'


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return documents of 1 MB each, and a small one with otherwise equal content."""
    folder = tmp_path_factory.mktemp("large") / "archive"
    times = [NOW - timedelta(seconds=number + 1) for number in range(NUMBER + 1)]
    stamps = pa.array(times, pa.timestamp("us", tz="UTC"))
    activities = {
        "seq": list(range(1, NUMBER + 2)),
        "feed": ["acme"] * (NUMBER + 1),
        "id": [f"activity_{number}" for number in range(NUMBER + 1)],
        "created_at": stamps,
        "received_at": stamps,
    }
    texts = [
        orjson.dumps({"@timestamp": format_time(when), "anthropic": {"audit": {"note": TEXT + "x" * size}}})
        for when, size in zip(times, [*[BYTES] * NUMBER, 0], strict=True)
    ]
    with open_writer(str(folder), FakeClock(NOW), ignore_progress) as writer:
        writer.append_events(Events(pa.table(activities), texts, [True] * len(texts), "1"), len(texts))
    with open_reader(str(folder)).connect() as connection:
        connection.execute("SET memory_limit = '128MiB'")
        yield connection


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "word",
    [
        pytest.param(Word("SWITCH"), id="any case"),
        pytest.param(Word("zoe\u0308"), id="other form"),
        pytest.param(Word("σίσυφος"), id="final sigma"),
        pytest.param(Word('"switch off\\on"'), id="escaped"),
        pytest.param(Word("ΣΊΣΥΦΟΣ\tat"), id="control"),
        pytest.param(Word("said*at 100;", is_literal=False), id="pattern"),
    ],
)
def test_words_are_found_in_large_and_small_documents_alike(archive: duckdb.DuckDBPyConnection, word: Word) -> None:
    assert BYTES > LARGE_DOCUMENT_BYTES
    assert found(archive, word) == NUMBER + 1


@pytest.mark.parametrize("word", [Word("switched"), Word("said*at 101", is_literal=False), Word("zoe")])
def test_words_that_are_not_there_are_not_found(archive: duckdb.DuckDBPyConnection, word: Word) -> None:
    assert found(archive, word) == 0


def found(archive: duckdb.DuckDBPyConnection, query: Query) -> int:
    return len(page(archive, SearchRequest(query=query), NOW, order=SortOrder(), size=NUMBER + 10).hits)
