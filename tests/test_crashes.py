"""Promise P1, with a real simulator, a real collector and SIGKILL; `bench/crashes.py` does the same at full size."""

from __future__ import annotations

import pytest
from bench.crashes import Plan, try_it


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(activities=4_000, kills=3, seed=3), id="killed"),
        pytest.param(
            Plan(activities=4_000, kills=2, late_share=0.03, repeat_share=0.03, lateness_seconds=8, seed=4),
            id="late and repeated",
        ),
    ],
)
def test_a_collector_that_is_killed_stores_everything_once(plan: Plan) -> None:
    verdict = try_it(plan)

    assert verdict.is_good, verdict
