"""What all tests share: the same examples in every run of CI, and no verdict on how fast a busy machine is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from anthropic_audit.simulator import vendor
from anthropic_audit.simulator.world import World

pytest_plugins = ["tests.engines.plugin", "tests.grouping"]

settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize="CI" in os.environ,
)
settings.load_profile("house")


class RememberedWorld(World):
    """A world that makes the rows of a minute once, for all vendors of a test process."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.rows = lru_cache(10_000)(super().rows)  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def worlds_are_made_once() -> Iterator[None]:
    """Let vendors of equal settings share a world: it is the same at every call, and takes most of a vendor's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "World", lru_cache(4)(RememberedWorld))
        yield
