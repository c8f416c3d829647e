"""From pydantic's findings to sentences with a place and a way out."""

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
"""Lists of tables of several kinds."""
_TAG = 2
"""Where pydantic puts the kind of such a table into the place of a finding."""
_TABLES = ("feeds", *_KINDS)
_OPENID = ("console", "openid")
_NO_TABLES = ("tuple_type", "model_type", "model_attributes_type")
"""What pydantic calls it when something else stands where a list of tables is wanted."""
_SAYINGS = {
    "int_parsing": "this is no whole number",
    "int_type": "this is no whole number",
    "int_from_float": "this is no whole number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "missing": "this is missing",
    "too_short": "this is empty",
    "dict_type": 'this is no table: write { name = "value" }',
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
        place, known = _untagged(finding["loc"])
        sentence = _sentence(finding["type"], finding["msg"], place, known)
        origin = origin_of(place)
        shown = [str(origin.where)] if origin and origin.source is not SettingSource.DEFAULT else []
        sentences.append(redact(": ".join([*shown, *filter(None, [write_place(place)]), sentence])))
    return sentences


def _untagged(place: Place) -> tuple[Place, list[str]]:
    """Return a place as it stands in the file, and the names of settings that may stand there."""
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
            return f"`to` says where a sink delivers to: {', '.join(SINKS)}"
        return f"`do` says what a processor does: {', '.join(PROCESSORS)}"
    if kind in _NO_TABLES and 0 < len(place) <= _TAG and place[0] in _TABLES:
        name = place[0]
        return f"{name} is a list of tables: begin each {str(name)[:-1]} with `[[{name}]]`, not `[{name}]`"
    if kind in _SAYINGS:
        return _SAYINGS[kind]
    return message.removeprefix("Value error, ").replace("Input should be", "this should be")


def _unknown(place: Place, known: list[str]) -> str:
    name = str(place[-1])
    if place[0] == "sinks" and name in _KEY_NAMES:
        return "secrets are never written here: name where it is with secret_env, secret_file or secret_command"
    if place[:2] == _OPENID and name in (*_KEY_NAMES, "client_secret"):
        places = "client_secret_env, client_secret_file or client_secret_command"
        return f"secrets are never written here: name where it is with {places}"
    if len(place) > 1 and name in _KEY_NAMES:
        return "keys are never written here: name where the key is with api_key_env, api_key_file or api_key_command"
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"there is no such setting, did you mean `{near[0]}`?"
    if len(place) == 1 and name in FeedSettings.model_fields:
        return "there is no such setting here: it belongs below a line `[[feeds]]`"
    return "there is no such setting"
