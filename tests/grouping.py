"""Which tests one worker runs: those that share an engine, or a fixture of their module."""

from __future__ import annotations

import pytest
from tests.engines.plugin import engine_of


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that share something to one worker: an engine, or a fixture of their module.

    Each worker would make it for itself otherwise.
    """
    for item in items:
        group = engine_of(item) or _module_of(item)
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


def _module_of(item: pytest.Item) -> str | None:
    """Return the name of a test's module if the module has a fixture of its own, or None."""
    if not isinstance(item, pytest.Function):
        return None
    used = item._fixtureinfo.name2fixturedefs  # pytest tells scopes nowhere else
    is_shared = any(one.scope == "module" for definitions in used.values() for one in definitions)
    return f"{item.path.parent.name} {item.path.stem}" if is_shared else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """End at once when groups are not in effect: a version of pytest-xdist may not see them, and does not say so."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    ungrouped = [item for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
    if ungrouped:
        message = f"pytest-xdist does not group tests, for example {ungrouped[0].nodeid}: use an older pytest"
        raise pytest.UsageError(message)
