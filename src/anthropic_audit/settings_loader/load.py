"""Merge the layers of settings into one frozen tree, and remember where each value came from; no input, no output."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import redact
from anthropic_audit.settings import KEY_VARIABLES, FeedSettings, Settings

from .environment import ENVIRONMENT_PREFIX, read_environment
from .origins import DEFAULT, Origin, Place, SettingSource, key_lines, leaves, line_of
from .problems import explain

__all__ = ["ENVIRONMENT_PREFIX", "Loaded", "load"]

MAX_FILE_CHARS: Final = 4_000_000
"""Longest settings file."""

MAX_DEPTH: Final = 32
"""Levels of tables and lists in a settings file; real ones have five."""

MAX_PROBLEMS: Final = 50
"""Most problems that one message lists."""

_ONLY_FEED = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings that count, and where each value came from."""

    settings: Settings
    origins: Mapping[Place, Origin]
    path: Path | None
    """The settings file, or None when there was none."""

    def origin(self, place: Place) -> Origin:
        """Say where the value at a place of the tree came from."""
        return self.origins.get(place, DEFAULT)


@dataclass(slots=True)
class _Draft:
    """The tree while the layers are laid on top of each other."""

    tree: dict[str, object]
    origins: dict[Place, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def feeds(self) -> list[dict[str, object]]:
        """Return the feeds that are tables; whatever else stands there is for the validation to complain about."""
        feeds = self.tree.get("feeds", [])
        return [feed for feed in feeds if isinstance(feed, dict)] if isinstance(feeds, list) else []

    def set(self, name: str, value: object, origin: Origin) -> None:
        """Lay a value of the top on what is there."""
        self.tree[name] = value
        self.origins[(name,)] = origin

    def set_in_section(self, section: str, name: str, value: object, origin: Origin) -> None:
        """Lay a value of a section on what is there; a section that is no table is for the validation to refuse."""
        table = self.tree.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
            self.origins[section, name] = origin

    def set_in_feed(self, feed: dict[str, object], name: str, value: object, origin: Origin) -> None:
        """Lay a feed's value on what is there."""
        feed[name] = value
        index = next(index for index, other in enumerate(self.feeds()) if other is feed)
        self.origins["feeds", index, name] = origin

    def add_feed(self, name: str) -> dict[str, object]:
        """Add a feed that no file names."""
        feed: dict[str, object] = {"name": name}
        self.tree["feeds"] = [*self.feeds(), feed]
        return feed


def load(
    toml_text: str | None, environ: Mapping[str, str], flags: Mapping[str, object], path: Path | None = None
) -> Loaded:
    """Merge defaults, file, environment and flags; the later one counts.

    Args:
        toml_text: What the settings file says, or None when there is none.
        environ: The environment's variables.
        flags: Values by setting (`archive`); `feeds.url` sets the url of every feed; None sets nothing.
        path: The settings file, for messages.

    Raises:
        SetupError: With every problem of every layer, each with its place.
    """
    draft = _from_file(toml_text, path)
    _lay_environment(draft, environ)
    if not draft.tree.get("feeds"):
        _add_default_feed(draft, environ)
    _lay_flags(draft, flags)
    try:
        settings = Settings.model_validate(draft.tree)
    except ValidationError as error:
        problems = explain(error, lambda place: _nearest(place, draft.origins))
        raise _setup_error(draft.problems + problems) from error
    if draft.problems:
        raise _setup_error(draft.problems)
    return Loaded(settings, draft.origins, path)


def _from_file(toml_text: str | None, path: Path | None) -> _Draft:
    if toml_text is None:
        return _Draft({})
    name = str(path) if path else "the settings"
    tree = _parsed(toml_text, name)
    lines = key_lines(toml_text)
    draft = _Draft(tree)
    for place, _ in leaves(tree):
        line = line_of(place, lines)
        draft.origins[place] = Origin(SettingSource.FILE, f"{name}:{line}" if line else name)
    return draft


def _parsed(toml_text: str, name: str) -> dict[str, object]:
    """Read TOML, within bounds.

    Raises:
        SetupError: It is no TOML, too long, or nested too deep.
    """
    if len(toml_text) > MAX_FILE_CHARS:
        message = f"the settings file is longer than {MAX_FILE_CHARS:,} characters: {name}"
        raise SetupError(message, hint="check that this is the settings file: --config FILE names another")
    try:
        tree: dict[str, object] = tomllib.loads(toml_text)
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError as error:  # tomllib.TOMLDecodeError, or a number with more digits than Python reads
        message = redact(f"the settings file is damaged: {name}: {error}")
        if "end of document" in message:
            message += f" (line {toml_text.count(chr(10)) + 1})"
        hint = "values need quotes unless they are numbers, `true` or `false`; a feed starts with `[[feeds]]`"
        raise SetupError(message, hint=hint) from error
    if _is_deeper(tree, MAX_DEPTH):
        raise _too_deep(name)
    return tree


def _is_deeper(tree: object, most: int) -> bool:
    """Say whether tables and lists lie in each other deeper than so many levels; without recursion."""
    level = [tree]
    for _ in range(most):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return any(isinstance(value, (dict, list)) for value in level)


def _too_deep(name: str) -> SetupError:
    message = f"the settings file is nested more than {MAX_DEPTH} levels deep: {name}"
    return SetupError(message, hint="`docs/reference/settings.md` lists every setting")


def _lay_environment(draft: _Draft, environ: Mapping[str, str]) -> None:
    by_name = {str(feed.get("name", _ONLY_FEED)): feed for feed in draft.feeds()}
    layer = read_environment(environ, list(by_name))
    draft.problems += layer.problems
    for name, (value, variable) in layer.top.items():
        draft.set(name, value, Origin(SettingSource.ENVIRONMENT, variable))
    for section, values in layer.sections.items():
        for name, (value, variable) in values.items():
            draft.set_in_section(section, name, value, Origin(SettingSource.ENVIRONMENT, variable))
    for feed_name, values in layer.feeds.items():
        feed = by_name.get(feed_name) or draft.add_feed(feed_name)
        for name, (value, variable) in values.items():
            draft.set_in_feed(feed, name, value, Origin(SettingSource.ENVIRONMENT, variable))


def _add_default_feed(draft: _Draft, environ: Mapping[str, str]) -> None:
    """Make a key in one of the documented variables enough to collect."""
    variable = next((name for name in KEY_VARIABLES if environ.get(name)), None)
    if variable is not None:
        feed = draft.add_feed(_ONLY_FEED)
        draft.set_in_feed(feed, "api_key_env", variable, Origin(SettingSource.ENVIRONMENT, variable))


def _lay_flags(draft: _Draft, flags: Mapping[str, object]) -> None:
    for name, value in flags.items():
        if value is None:
            continue
        setting = name.removeprefix("feeds.")
        origin = Origin(SettingSource.FLAG, f"--{setting.replace('_', '-')}")
        if setting == name:
            draft.set(name, value, origin)
            continue
        if setting not in FeedSettings.model_fields:
            message = f"no feed has the setting {setting}"
            raise ValueError(message)
        for feed in draft.feeds():
            draft.set_in_feed(feed, setting, value, origin)


def _nearest(place: Place, origins: Mapping[Place, Origin]) -> Origin | None:
    """Return the origin of a place, or of the first thing known below it."""
    if place in origins:
        return origins[place]
    return next((origin for other, origin in origins.items() if other[: len(place)] == place), None)


def _setup_error(found: list[str]) -> SetupError:
    problems = list(map(redact, found))
    hint = "`docs/reference/settings.md` lists every setting, `anthropic-audit settings --help` shows an example"
    if len(problems) == 1:
        return SetupError(f"the settings are wrong: {problems[0]}", hint=hint)
    shown = problems[:MAX_PROBLEMS]
    more = [f"and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
    return SetupError("\n  ".join([f"the settings have {len(problems)} problems:", *shown, *more]), hint=hint)
