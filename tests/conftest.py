"""Settings of all tests: the same examples in every run on CI, and no deadlines, which busy machines would miss."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from anthropic_audit.simulator import vendor
from anthropic_audit.simulator.world import World

pytest_plugins = ["tests.engines.plugin", "tests.grouping", "tests.sampling"]

settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize="CI" in os.environ,
)
settings.load_profile("house")


class RememberedWorld(World):
    """A world that caches the rows of minutes for all vendors of a test process."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.rows = lru_cache(10_000)(super().rows)  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def worlds_are_made_once() -> Iterator[None]:
    """Share a world among vendors with equal settings: worlds are deterministic, and take most of a vendor's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "World", lru_cache(4)(RememberedWorld))
        yield
