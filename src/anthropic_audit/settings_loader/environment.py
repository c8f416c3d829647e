"""Read settings from environment variables such as `ANTHROPIC_AUDIT_FEEDS__ACME__INTERVAL=1m`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_origin

from pydantic import BaseModel

from anthropic_audit.settings import FeedSettings, Settings

ENVIRONMENT_PREFIX = "ANTHROPIC_AUDIT_"
_FEEDS = "FEEDS__"
_FEED_PARTS = 2
_NOT_SETTINGS = ("CONFIG", "DEBUG")
"""Suffixes of variables that are not settings and that other parts of the command read."""

SECTIONS: Mapping[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
"""Settings class of each top-level table, by name."""

_SCALARS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is str)


@dataclass(frozen=True, slots=True)
class EnvironmentLayer:
    """The settings from the environment: top-level values, values of sections and of feeds by name, and problems."""

    top: dict[str, tuple[object, str]]
    """Value and variable name, by setting."""
    sections: dict[str, dict[str, tuple[object, str]]]
    feeds: dict[str, dict[str, tuple[object, str]]]
    problems: list[str]


def read_environment(environ: Mapping[str, str], feed_names: Sequence[str]) -> EnvironmentLayer:
    """Read every `ANTHROPIC_AUDIT_…` variable into a layer of settings; never raises.

    Feed names are written in capitals, with `_` for `-`. If the file configures no feed, each new name adds one.
    """
    layer = EnvironmentLayer({}, {}, {}, [])
    names_by_variable = {_variable_part(name): name for name in feed_names}
    for variable in sorted(environ):
        rest = variable.removeprefix(ENVIRONMENT_PREFIX)
        if rest == variable or rest in _NOT_SETTINGS:
            continue
        if rest.startswith(_FEEDS):
            _read_feed_variable(layer, variable, environ[variable], names_by_variable)
        elif rest.partition("__")[0].lower() in SECTIONS:
            _read_section_variable(layer, variable, environ[variable])
        elif rest.lower() in _SCALARS:
            layer.top[rest.lower()] = (environ[variable], variable)
        else:
            known = [*map(str.upper, _SCALARS), *(f"{name.upper()}__" for name in SECTIONS)]
            layer.problems.append(_unknown(variable, ENVIRONMENT_PREFIX, rest, [*known, *_NOT_SETTINGS]))
    return layer


def _read_section_variable(layer: EnvironmentLayer, variable: str, text: str) -> None:
    section, _, setting = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
    model = SECTIONS[section]
    if setting not in model.model_fields:
        names = [name.upper() for name in model.model_fields]
        prefix = f"{ENVIRONMENT_PREFIX}{section.upper()}__"
        layer.problems.append(_unknown(variable, prefix, setting.upper(), names))
    else:
        layer.sections.setdefault(section, {})[setting] = (_value(model, setting, text), variable)


def _read_feed_variable(
    layer: EnvironmentLayer, variable: str, text: str, names_by_variable: Mapping[str, str]
) -> None:
    parts = variable.removeprefix(ENVIRONMENT_PREFIX + _FEEDS).split("__")
    if len(parts) != _FEED_PARTS or not all(parts):
        layer.problems.append(
            f"{variable}: not a setting of a feed: write {ENVIRONMENT_PREFIX}FEEDS__<NAME>__<SETTING>"
        )
        return
    feed, setting = parts[0], parts[1].lower()
    prefix = f"{ENVIRONMENT_PREFIX}{_FEEDS}"
    if names_by_variable and feed not in names_by_variable:
        layer.problems.append(_unknown(variable, prefix, feed, list(names_by_variable), what="feed"))
    elif setting not in FeedSettings.model_fields:
        names = [name.upper() for name in FeedSettings.model_fields]
        layer.problems.append(_unknown(variable, f"{prefix}{feed}__", parts[1], names))
    else:
        name = names_by_variable.get(feed, feed.lower())
        layer.feeds.setdefault(name, {})[setting] = (_value(FeedSettings, setting, text), variable)


def _value(model: type[BaseModel], setting: str, text: str) -> object:
    """Parse a list from JSON, a command line, or comma-separated words; other text is left to the settings tree."""
    if get_origin(model.model_fields[setting].annotation) is not tuple:
        return text
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    if setting == "api_key_command":
        return _command_line(text)
    return [word.strip() for word in text.split(",") if word.strip()]


def _command_line(text: str) -> object:
    try:
        return shlex.split(text)
    except ValueError:
        return text


def _unknown(variable: str, prefix: str, name: str, known: list[str], *, what: str = "setting") -> str:
    near = get_close_matches(name, known, n=1)
    return f"{variable}: unknown {what}" + (f", did you mean `{prefix}{near[0]}`?" if near else "")


def _variable_part(feed: str) -> str:
    return feed.upper().replace("-", "_")
