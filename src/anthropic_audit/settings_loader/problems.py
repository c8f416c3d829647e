"""Turn pydantic's validation errors into messages with a location and a hint."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from pydantic import ValidationError

from anthropic_audit.redact import redact
from anthropic_audit.settings import PROCESSORS, SINKS, FeedSettings, OpenIdSettings, Settings

from .environment import SECTIONS
from .origins import Origin, Place, SettingSource, write_place

_KEY_NAMES = ("api_key", "key", "access_key", "password", "secret", "token")
_KINDS = {"processors": PROCESSORS, "sinks": SINKS}
"""Lists whose tables have several kinds, and the settings class of each kind."""
_TAG = 2
"""Index of the table's kind in pydantic's location of an error."""
_TABLES = ("feeds", *_KINDS)
_OPENID = ("console", "openid")
_NOT_A_TABLE = ("tuple_type", "model_type", "model_attributes_type")
"""Pydantic's error types for another value in place of a list of tables."""
_MESSAGES = {
    "int_parsing": "not a whole number",
    "int_type": "not a whole number",
    "int_from_float": "not a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "missing": "required, but missing",
    "too_short": "must not be empty",
    "dict_type": 'not a table: write { name = "value" }',
    "string_type": "not a text: put it in quotes",
    "tuple_type": 'not a list: write ["one", "two"]',
    "model_type": "not a table of settings",
    "time_delta_type": "not a duration: write 90s, 5m, 24h or 7d",
    "time_delta_parsing": "not a duration: write 90s, 5m, 24h or 7d",
}


def explain(error: ValidationError, origin_of: Callable[[Place], Origin | None]) -> list[str]:
    """Return a message per error: where the value was set, the setting, what is wrong, and the nearest known name."""
    sentences: list[str] = []
    for finding in error.errors(include_url=False, include_context=False, include_input=False):
        place, known = _untagged(finding["loc"])
        sentence = _sentence(finding["type"], finding["msg"], place, known)
        origin = origin_of(place)
        shown = [str(origin.where)] if origin and origin.source is not SettingSource.DEFAULT else []
        sentences.append(redact(": ".join([*shown, *filter(None, [write_place(place)]), sentence])))
    return sentences


def _untagged(place: Place) -> tuple[Place, list[str]]:
    """Return a path without pydantic's tag of the kind, and the names of the settings that are valid there."""
    if len(place) > _TAG and place[0] in _KINDS:
        kind = str(place[_TAG])
        return (*place[:_TAG], *place[_TAG + 1 :]), list(_KINDS[str(place[0])][kind].model_fields)
    if len(place) <= 1:
        return place, list(Settings.model_fields)
    section = OpenIdSettings if place[:2] == _OPENID else SECTIONS.get(str(place[0]), FeedSettings)
    return place, list(section.model_fields)


def _sentence(kind: str, message: str, place: Place, known: list[str]) -> str:
    if kind == "extra_forbidden":
        return _unknown(place, known)
    if kind.startswith("union_tag"):
        if place[0] == "sinks":
            return f"`to` must be one of: {', '.join(SINKS)}"
        return f"`do` must be one of: {', '.join(PROCESSORS)}"
    if kind in _NOT_A_TABLE and 0 < len(place) <= _TAG and place[0] in _TABLES:
        name = place[0]
        return f"{name} is a list of tables: start each {str(name)[:-1]} with `[[{name}]]`, not `[{name}]`"
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    return message.removeprefix("Value error, ").replace("Input should be", "must be")


def _unknown(place: Place, known: list[str]) -> str:
    name = str(place[-1])
    if place[0] == "sinks" and name in _KEY_NAMES:
        return "settings never hold secrets: name the secret's location with secret_env, secret_file or secret_command"
    if place[:2] == _OPENID and name in (*_KEY_NAMES, "client_secret"):
        places = "client_secret_env, client_secret_file or client_secret_command"
        return f"settings never hold secrets: name the secret's location with {places}"
    if len(place) > 1 and name in _KEY_NAMES:
        return "settings never hold keys: name the key's location with api_key_env, api_key_file or api_key_command"
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"unknown setting, did you mean `{near[0]}`?"
    if len(place) == 1 and name in FeedSettings.model_fields:
        return "unknown setting here: it belongs below a line `[[feeds]]`"
    return "unknown setting"
