"""Assign tests that share an engine, or a fixture of their module, to the same worker."""

from __future__ import annotations

import pytest
from tests.engines.plugin import engine_of


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that share an engine, or a fixture of their module, for the same worker.

    Otherwise each worker would create its own.
    """
    for item in items:
        group = engine_of(item) or _module_of(item)
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


def _module_of(item: pytest.Item) -> str | None:
    """Return the name of a test's module if the test uses a fixture of scope `module`, else None."""
    if not isinstance(item, pytest.Function):
        return None
    used = item._fixtureinfo.name2fixturedefs  # pytest has no public API for the scopes of fixtures
    is_shared = any(one.scope == "module" for definitions in used.values() for one in definitions)
    return f"{item.path.parent.name} {item.path.stem}" if is_shared else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stop if groups have no effect: some versions of pytest-xdist ignore them without a warning."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    ungrouped = [item for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
    if ungrouped:
        message = f"pytest-xdist does not group tests, for example {ungrouped[0].nodeid}: use an older pytest"
        raise pytest.UsageError(message)
