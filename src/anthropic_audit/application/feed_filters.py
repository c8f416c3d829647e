"""Expand groups and patterns of activity types in the filters of feeds into types."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.groups import expand, load_groups, unknown_types
from anthropic_audit.errors import SetupError
from anthropic_audit.settings import FeedSettings, Settings

FILTERS = ("activity_types", "exclude_activity_types")
"""The settings of a feed that name activity types."""


def with_types(settings: Settings) -> Settings:
    """Return settings whose feeds name only types: the API knows no groups, and coverage belongs to a set of types.

    Raises:
        SetupError: A group is unknown, or a pattern matches no type.
    """
    return settings.model_copy(update={"feeds": tuple(_with_types(feed) for feed in settings.feeds)})


def warnings(settings: Settings) -> list[str]:
    """Return a warning per filter type that the catalogue lacks: the API may know it already, or refuse it (400)."""
    return [
        f"feed {feed.name}: unknown activity type `{name}`" + (f", did you mean `{meant}`?" if meant else "")
        for feed in settings.feeds
        for setting in FILTERS
        for name, meant in unknown_types(getattr(feed, setting), load()).items()
    ]


def query_length(setting: str, names: Sequence[str]) -> int:
    """Return the length of a filter in the URL of each request, in bytes."""
    return len(urlencode([(f"{setting}[]", name) for name in names]))


def _with_types(feed: FeedSettings) -> FeedSettings:
    try:
        types = {setting: expand(getattr(feed, setting), load(), load_groups()) for setting in FILTERS}
    except SetupError as error:
        message = f"feed {feed.name}: {error}"
        raise SetupError(message, hint=error.hint) from error
    return feed.model_copy(update=types)
