"""From pydantic's findings to sentences with a place and a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from pydantic import ValidationError

from anthropic_audit.redact import redact
from anthropic_audit.settings import FeedSettings, Settings

from .environment import SECTIONS
from .origins import Origin, Place, Source, write_place

_KEY_NAMES = ("api_key", "key", "access_key", "secret", "token")
_SAYINGS = {
    "int_parsing": "this is no whole number",
    "int_type": "this is no whole number",
    "int_from_float": "this is no whole number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "string_type": "this is no text: put it in quotes",
    "tuple_type": 'this is no list: write ["one", "two"]',
    "model_type": "this is no table of settings",
    "time_delta_type": "this is no duration: write 90s, 5m, 24h or 7d",
    "time_delta_parsing": "this is no duration: write 90s, 5m, 24h or 7d",
}


def explain(error: ValidationError, origin_of: Callable[[Place], Origin | None]) -> list[str]:
    """Write a sentence for each finding: where it was set, which setting, what is wrong, what may have been meant."""
    sentences: list[str] = []
    for finding in error.errors(include_url=False, include_context=False, include_input=False):
        place = finding["loc"]
        sentence = _sentence(finding["type"], finding["msg"], place)
        origin = origin_of(place)
        shown = [str(origin.where)] if origin and origin.source is not Source.DEFAULT else []
        sentences.append(redact(": ".join([*shown, *filter(None, [write_place(place)]), sentence])))
    return sentences


def _sentence(kind: str, message: str, place: Place) -> str:
    if kind == "extra_forbidden":
        return _unknown(place)
    if place == ("feeds",) and kind == "tuple_type":
        return "feeds is a list of tables: begin each feed with `[[feeds]]`, not `[feeds]`"
    if kind in _SAYINGS:
        return _SAYINGS[kind]
    return message.removeprefix("Value error, ").replace("Input should be", "this should be")


def _unknown(place: Place) -> str:
    name = str(place[-1])
    if len(place) > 1 and name in _KEY_NAMES:
        return "keys are never written here: name where the key is with api_key_env, api_key_file or api_key_command"
    known = list(_settings_at(place[0]) if len(place) > 1 else Settings.model_fields)
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"there is no such setting, did you mean `{near[0]}`?"
    if len(place) == 1 and name in FeedSettings.model_fields:
        return "there is no such setting here: it belongs below a line `[[feeds]]`"
    return "there is no such setting"


def _settings_at(section: str | int) -> Iterable[str]:
    """Return the names of the settings in a table of the tree's top."""
    return (
        SECTIONS[section].model_fields
        if isinstance(section, str) and section in SECTIONS
        else FeedSettings.model_fields
    )
