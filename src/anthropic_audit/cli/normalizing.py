"""From the settings to what normalizes, and to what is done to events before they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.enrich import open_enrichment
from anthropic_audit.follow import NormalizeRules
from anthropic_audit.normalize import Normalizer, Options, SentenceWriter, to_json
from anthropic_audit.ocsf import to_ocsf
from anthropic_audit.processors import Processors, open_processors
from anthropic_audit.settings import FeedSettings, Settings
from anthropic_audit.settings_loader import resolve_hash_key

from .environment import environment
from .options import Schema
from .output import notes


def normalize_rules(feeds: Iterable[FeedSettings]) -> NormalizeRules:
    """Return what each feed's events carry."""
    return NormalizeRules({feed.name: _options(feed) for feed in feeds})


def open_normalizer(settings: Settings) -> Normalizer:
    """Return a normalizer with our catalogue and the enrichment that is set; says once what can't be used of it."""
    return Normalizer(load_catalogue(), open_enrichment(settings.enrichment, notes().print))


def document_writer(schema: Schema) -> Callable[[dict[str, Any], bytes | None], bytes]:
    """Return what writes a document in a schema, given the activity as received where that is at hand."""
    if schema is Schema.ECS:
        return lambda document, _raw: to_json(document)
    tell = SentenceWriter(load_catalogue()).tell
    return lambda document, raw: to_json(to_ocsf(document, tell(document), raw))


def configured_processors(settings: Settings) -> Processors:
    """Return the chain of processors that is set.

    Raises:
        SetupError: One of them names a field that there is not, or has no key.
    """
    if not settings.processors:
        return Processors()
    environ = environment()
    return open_processors(settings.processors, load_catalogue(), lambda one: resolve_hash_key(one, environ))


def _options(feed: FeedSettings) -> Options:
    return Options(tags=feed.tags, preserve_original_event=feed.preserve_original_event)
