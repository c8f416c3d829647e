"""Filters of feeds: groups and patterns of activity types become the types they stand for, before anything is asked."""

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
    """Return settings whose feeds name types only: the API knows no groups, and coverage is kept for what was asked.

    Raises:
        SetupError: A group is unknown, or a pattern stands for nothing.
    """
    return settings.model_copy(update={"feeds": tuple(_with_types(feed) for feed in settings.feeds)})


def warnings(settings: Settings) -> list[str]:
    """Say which types of which feed are in no catalogue: the API may know them already, or refuse them (400)."""
    return [
        f"feed {feed.name}: `{name}` is no activity type that we know" + (f", did you mean `{meant}`?" if meant else "")
        for feed in settings.feeds
        for setting in FILTERS
        for name, meant in unknown_types(getattr(feed, setting), load()).items()
    ]


def query_length(setting: str, names: Sequence[str]) -> int:
    """Return how many bytes a filter takes in the address of each request."""
    return len(urlencode([(f"{setting}[]", name) for name in names]))


def _with_types(feed: FeedSettings) -> FeedSettings:
    try:
        types = {setting: expand(getattr(feed, setting), load(), load_groups()) for setting in FILTERS}
    except SetupError as error:
        message = f"feed {feed.name}: {error}"
        raise SetupError(message, hint=error.hint) from error
    return feed.model_copy(update=types)
