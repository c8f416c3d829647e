"""`--sample`: what `make test` leaves out of the suite, and CI runs.

The cases of a test that is marked `sampled(count)` try the same law with other values, and each takes long. With
`--sample`, `count` of them run, evenly spaced; property tests run a quarter of their examples. Each test function runs.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import settings

EXAMPLES_SHARE = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sample", action="store_true", help="run a sample of the cases of long tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect cases, and lower the numbers of examples."""
    if not config.getoption("--sample"):
        return
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled"):
            cases[item.nodeid.partition("[")[0]].append(item)
    left_out = {item for some in cases.values() for item in _left_out(some)}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))
    for function in {item.obj for item in items if isinstance(item, pytest.Function)}:
        _lower_examples(function)


def _left_out(cases: list[pytest.Item]) -> list[pytest.Item]:
    """Return the cases of one test that don't run."""
    mark = cases[0].get_closest_marker("sampled")
    assert mark is not None
    count = min(mark.args[0], len(cases))
    kept = {cases[number * len(cases) // count] for number in range(count)}
    return [case for case in cases if case not in kept]


def _lower_examples(function: object) -> None:
    """Run a quarter of a property test's examples. Hypothesis has no public way to change the settings of a test."""
    name = "_hypothesis_internal_use_settings"
    used = getattr(function, name, None)
    if isinstance(used, settings) and used.max_examples > EXAMPLES_SHARE:
        setattr(function, name, settings(used, max_examples=used.max_examples // EXAMPLES_SHARE))
