"""From environment variables to a layer of settings: `ANTHROPIC_AUDIT_FEEDS__ACME__INTERVAL=1m`."""

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
_ELSEWHERE = ("CONFIG", "DEBUG")
"""What other parts of the command read: variables that are no settings."""

SECTIONS: Mapping[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
"""The tables of the tree's top, by name."""

_SCALARS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is str)


@dataclass(frozen=True, slots=True)
class EnvironmentLayer:
    """What the environment sets: values of the tree's top and its sections, of feeds by name, and what is senseless."""

    top: dict[str, tuple[object, str]]
    """Value and variable by setting."""
    sections: dict[str, dict[str, tuple[object, str]]]
    feeds: dict[str, dict[str, tuple[object, str]]]
    problems: list[str]


def read_environment(environ: Mapping[str, str], feed_names: Sequence[str]) -> EnvironmentLayer:
    """Collect every `ANTHROPIC_AUDIT_…` variable.

    A feed is named in capitals, with `_` for `-`. Where the file configures no feed, a new name makes one.
    """
    layer = EnvironmentLayer({}, {}, {}, [])
    spelled = {_variable_part(name): name for name in feed_names}
    for variable in sorted(environ):
        rest = variable.removeprefix(ENVIRONMENT_PREFIX)
        if rest == variable or rest in _ELSEWHERE:
            continue
        if rest.startswith(_FEEDS):
            _read_feed_variable(layer, variable, environ[variable], spelled)
        elif rest.partition("__")[0].lower() in SECTIONS:
            _read_section_variable(layer, variable, environ[variable])
        elif rest.lower() in _SCALARS:
            layer.top[rest.lower()] = (environ[variable], variable)
        else:
            known = [*map(str.upper, _SCALARS), *(f"{name.upper()}__" for name in SECTIONS)]
            layer.problems.append(_unknown(variable, ENVIRONMENT_PREFIX, rest, [*known, *_ELSEWHERE]))
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


def _read_feed_variable(layer: EnvironmentLayer, variable: str, text: str, spelled: Mapping[str, str]) -> None:
    parts = variable.removeprefix(ENVIRONMENT_PREFIX + _FEEDS).split("__")
    if len(parts) != _FEED_PARTS or not all(parts):
        layer.problems.append(f"{variable}: write {ENVIRONMENT_PREFIX}FEEDS__<NAME>__<SETTING>")
        return
    feed, setting = parts[0], parts[1].lower()
    prefix = f"{ENVIRONMENT_PREFIX}{_FEEDS}"
    if spelled and feed not in spelled:
        layer.problems.append(_unknown(variable, prefix, feed, list(spelled), what="feed"))
    elif setting not in FeedSettings.model_fields:
        names = [name.upper() for name in FeedSettings.model_fields]
        layer.problems.append(_unknown(variable, f"{prefix}{feed}__", parts[1], names))
    else:
        name = spelled.get(feed, feed.lower())
        layer.feeds.setdefault(name, {})[setting] = (_value(FeedSettings, setting, text), variable)


def _value(model: type[BaseModel], setting: str, text: str) -> object:
    """Read a list from JSON, a command line, or words between commas; other text is for the settings tree to read."""
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
    return f"{variable}: there is no such {what}" + (f", did you mean `{prefix}{near[0]}`?" if near else "")


def _variable_part(feed: str) -> str:
    return feed.upper().replace("-", "_")
