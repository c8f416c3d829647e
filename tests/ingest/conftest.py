"""Run activities through the pipeline in a real OpenSearch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import pytest
from tests.engines.launch import Engine

from anthropic_audit.catalogue import load
from anthropic_audit.ingest import ingest_pipeline

Json = Any
Simulate = Callable[[Sequence[str]], list[Json]]
"""Returns the documents that the pipeline makes of texts."""


@pytest.fixture(scope="session")
def simulate(opensearch: Engine) -> Simulate:
    place = f"{opensearch.url}/_ingest/pipeline/raw"
    pipeline = ingest_pipeline(load(), sets_id=False)
    httpx2.put(place, json=pipeline, timeout=60).raise_for_status()

    def run(texts: Sequence[str]) -> list[Json]:
        found: list[Json] = []
        for first in range(0, len(texts), 500):
            docs = [{"_source": {"message": text}} for text in texts[first : first + 500]]
            answer = httpx2.post(f"{place}/_simulate", json={"docs": docs}, timeout=120).json()
            found += [one["doc"]["_source"] for one in answer["docs"]]
        return found

    return run
