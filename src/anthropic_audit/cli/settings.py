"""`anthropic-audit settings`: print the effective settings with their origins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from pydantic import BaseModel

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import MASK, redact, safe_url
from anthropic_audit.settings import FeedSettings
from anthropic_audit.settings_loader import Loaded, resolve_key
from anthropic_audit.settings_loader.origins import Place, write_place

from .configuration import load_settings
from .environment import environment
from .options import Archive, Config, TableOrJson
from .output import Heading, notes, print_json, print_table

_HEADINGS = (Heading("setting"), Heading("value"), Heading("origin"))

EXAMPLES = """A settings file looks like this:

\b
archive = "./archive"

\b
[[feeds]]
name = "acme"
api_key_env = "ANTHROPIC_COMPLIANCE_ACCESS_KEY"

Each setting can also come from the environment: ANTHROPIC_AUDIT_ARCHIVE, ANTHROPIC_AUDIT_FEEDS__ACME__INTERVAL.
"""


_HIDDEN = frozenset({"headers", "password_hash"})
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~.-]{16,}")
"""A path segment that looks like a token: long, with letters and digits."""


def settings(
    config: Config = None,
    archive: Archive = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Print the effective settings, each with its origin."""
    loaded = load_settings(config, {"archive": archive})
    rows = [*_rows(loaded), *_keys(loaded.settings.feeds)]
    if format is TableOrJson.JSON:
        listed = [{"setting": name, "value": value, "origin": origin} for name, value, origin in rows]
        print_json({"file": str(loaded.path) if loaded.path else None, "settings": listed})
        return
    print_table(_HEADINGS, [(name, _shown(value), origin) for name, value, origin in rows])
    if loaded.path is None:
        notes().print("no settings file was found: values come from defaults, the environment and flags")
    if not loaded.settings.feeds:
        notes().print("no feed is configured, and no documented environment variable holds a key")


def _rows(loaded: Loaded) -> Iterator[tuple[str, object, str]]:
    for place, value in _values(loaded.settings, ()):
        name = str(place[-1])
        shown = _hidden(name, value) if name in _HIDDEN or name.endswith("_command") else _masked(value)
        yield write_place(place), shown, str(loaded.origin(place))


def _values(section: BaseModel, place: Place) -> Iterator[tuple[Place, object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*place, name))
        elif isinstance(value, tuple) and value and all(isinstance(one, BaseModel) for one in value):
            for index, one in enumerate(value):
                yield from _values(one, (*place, name, index))
        else:
            yield (*place, name), section.model_dump(mode="json", include={name})[name]


def _hidden(name: str, value: object) -> object:
    """Mask values that can hold secrets: of headers and hashes, and the arguments of commands."""
    if isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    if isinstance(value, list) and name.endswith("_command"):
        return [_masked(one) if index == 0 else MASK for index, one in enumerate(value)]
    return MASK if value else value


def _masked(value: object) -> object:
    if isinstance(value, str):
        return redact(_masked_url(value) if "://" in value else value)
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    return value


def _masked_url(url: str) -> str:
    """Mask possible credentials in a URL: user and password, values of the query, the fragment, long path segments."""
    shown, _, fragment = safe_url(url).partition("#")
    address, question, query = shown.partition("?")
    scheme, separator, rest = address.partition("://")
    host, *steps = rest.split("/")
    path = [MASK if _TOKEN.fullmatch(step) else step for step in steps]
    parts = [one.partition("=") for one in query.split("&")] if query else []
    values = [f"{name}={MASK}" if equals else MASK for name, equals, _ in parts]
    masked = scheme + separator + "/".join([host, *path]) + question + "&".join(values)
    return f"{masked}#{MASK}" if fragment else masked


def _shown(value: object) -> str:
    """Format a value as in a settings file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _keys(feeds: Sequence[FeedSettings]) -> Iterator[tuple[str, str, str]]:
    """Yield the origin of each feed's key, without running commands."""
    environ = environment()
    for index, feed in enumerate(feeds):
        yield (f"feeds[{index}] key", *_key(feed, environ))


def _key(feed: FeedSettings, environ: Mapping[str, str]) -> tuple[str, str]:
    if feed.api_key_command:
        return MASK, f"the output of `{redact(feed.api_key_command[0])}` (not run)"
    try:
        key = resolve_key(feed, environ)
    except SetupError as error:
        return "missing", redact(str(error))
    return MASK, key.origin + (f" ({redact(key.warning)})" if key.warning else "")
