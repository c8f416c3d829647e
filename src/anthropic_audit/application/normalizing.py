"""Build what normalizes activities, and what processes events before they leave the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.ecs import Normalizer, Options, SentenceWriter, to_json
from anthropic_audit.enrich import open_enrichment
from anthropic_audit.follow import NormalizeRules
from anthropic_audit.ocsf import to_ocsf
from anthropic_audit.processors import Processors, open_processors
from anthropic_audit.settings import FeedSettings
from anthropic_audit.settings_loader import resolve_hash_key

from . import Application


class Schema(StrEnum):
    """The schema in which events are written."""

    ECS = "ecs"
    OCSF = "ocsf"


def normalize_rules(feeds: Iterable[FeedSettings]) -> NormalizeRules:
    """Return the tags and options of each feed's events."""
    return NormalizeRules({feed.name: _options(feed) for feed in feeds})


def open_normalizer(application: Application) -> Normalizer:
    """Return a normalizer with the built-in catalogue and the configured enrichment.

    Databases that can't be used are reported once, and left out.
    """
    return Normalizer(load_catalogue(), open_enrichment(application.settings.enrichment, application.warn))


def document_writer(schema: Schema) -> Callable[[dict[str, Any], bytes | None], bytes]:
    """Return a function that writes an ECS document in a schema, given the raw activity as well where it is known."""
    if schema is Schema.ECS:
        return lambda document, _raw: to_json(document)
    sentence = SentenceWriter(load_catalogue()).write
    return lambda document, raw: to_json(to_ocsf(document, sentence(document), raw))


def configured_processors(application: Application) -> Processors:
    """Return the chain of configured processors.

    Raises:
        SetupError: A processor names an unknown field, or its key is missing.
    """
    settings = application.settings
    if not settings.processors:
        return Processors()
    return open_processors(
        settings.processors, load_catalogue(), lambda one: resolve_hash_key(one, application.environ)
    )


def _options(feed: FeedSettings) -> Options:
    return Options(tags=feed.tags, preserve_original_event=feed.preserve_original_event)
