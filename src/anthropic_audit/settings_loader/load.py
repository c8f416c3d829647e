"""Merge the layers of settings into one frozen tree, and record the origin of each value; does no I/O."""

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
"""Longest settings file, in characters."""

MAX_DEPTH: Final = 32
"""Maximum nesting of tables and lists in a settings file; real ones have five levels."""

MAX_PROBLEMS: Final = 50
"""Maximum number of problems that one message lists."""

_ONLY_FEED = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The effective settings, and the origin of each value."""

    settings: Settings
    origins: Mapping[Place, Origin]
    path: Path | None
    """The settings file, or None if there was none."""

    def origin(self, place: Place) -> Origin:
        """Return the origin of the value at a path in the tree."""
        return self.origins.get(place, DEFAULT)


@dataclass(slots=True)
class _Draft:
    """The raw tree while layers are merged into it."""

    tree: dict[str, object]
    origins: dict[Place, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def feeds(self) -> list[dict[str, object]]:
        """Return the feeds that are tables; validation reports all other values."""
        feeds = self.tree.get("feeds", [])
        return [feed for feed in feeds if isinstance(feed, dict)] if isinstance(feeds, list) else []

    def set(self, name: str, value: object, origin: Origin) -> None:
        """Set a top-level value, replacing a lower layer's."""
        self.tree[name] = value
        self.origins[(name,)] = origin

    def set_in_section(self, section: str, name: str, value: object, origin: Origin) -> None:
        """Set a value of a section, replacing a lower layer's; validation refuses a section that is not a table."""
        table = self.tree.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
            self.origins[section, name] = origin

    def set_in_feed(self, feed: dict[str, object], name: str, value: object, origin: Origin) -> None:
        """Set a value of a feed, replacing a lower layer's."""
        feed[name] = value
        index = next(index for index, other in enumerate(self.feeds()) if other is feed)
        self.origins["feeds", index, name] = origin

    def add_feed(self, name: str) -> dict[str, object]:
        """Add a feed that the file does not name, and return its table."""
        feed: dict[str, object] = {"name": name}
        self.tree["feeds"] = [*self.feeds(), feed]
        return feed


def load(
    toml_text: str | None, environ: Mapping[str, str], flags: Mapping[str, object], path: Path | None = None
) -> Loaded:
    """Merge defaults, file, environment and flags; the later layer wins.

    Args:
        toml_text: Text of the settings file, or None if there is none.
        environ: The environment's variables.
        flags: Values by setting (`archive`); `feeds.url` sets the URL of every feed; a value of None sets nothing.
        path: The settings file, for messages.

    Raises:
        SetupError: The settings are invalid; the message lists the problems of all layers, each with its location.
    """
    draft = _from_file(toml_text, path)
    _merge_environment(draft, environ)
    if not draft.tree.get("feeds"):
        _add_default_feed(draft, environ)
    _merge_flags(draft, flags)
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
    """Parse TOML of limited length and nesting.

    Raises:
        SetupError: The text is not TOML, too long, or nested too deep.
    """
    if len(toml_text) > MAX_FILE_CHARS:
        message = f"the settings file is longer than {MAX_FILE_CHARS:,} characters: {name}"
        raise SetupError(message, hint="check that this is the settings file; `--config FILE` names another one")
    try:
        tree: dict[str, object] = tomllib.loads(toml_text)
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError as error:  # tomllib.TOMLDecodeError, or a number with more digits than Python reads
        message = redact(f"the settings file is not valid TOML: {name}: {error}")
        if "end of document" in message:
            message += f" (line {toml_text.count(chr(10)) + 1})"
        hint = "values need quotes unless they are numbers, `true` or `false`; a feed starts with `[[feeds]]`"
        raise SetupError(message, hint=hint) from error
    if _is_deeper(tree, MAX_DEPTH):
        raise _too_deep(name)
    return tree


def _is_deeper(tree: object, max_depth: int) -> bool:
    """Return whether tables and lists are nested more than `max_depth` levels deep; without recursion."""
    level = [tree]
    for _ in range(max_depth):
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


def _merge_environment(draft: _Draft, environ: Mapping[str, str]) -> None:
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
    """Add a feed with the key of the first documented variable that is set."""
    variable = next((name for name in KEY_VARIABLES if environ.get(name)), None)
    if variable is not None:
        feed = draft.add_feed(_ONLY_FEED)
        draft.set_in_feed(feed, "api_key_env", variable, Origin(SettingSource.ENVIRONMENT, variable))


def _merge_flags(draft: _Draft, flags: Mapping[str, object]) -> None:
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
    """Return the origin of a path, or of the first known path below it."""
    if place in origins:
        return origins[place]
    return next((origin for other, origin in origins.items() if other[: len(place)] == place), None)


def _setup_error(found: list[str]) -> SetupError:
    problems = list(map(redact, found))
    hint = "`docs/reference/settings.md` lists every setting, `anthropic-audit settings --help` shows an example"
    if len(problems) == 1:
        return SetupError(f"the settings are invalid: {problems[0]}", hint=hint)
    shown = problems[:MAX_PROBLEMS]
    more = [f"and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
    return SetupError("\n  ".join([f"the settings have {len(problems)} problems:", *shown, *more]), hint=hint)
