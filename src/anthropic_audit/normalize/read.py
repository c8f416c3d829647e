"""Reading what was received, also when a strict parser refuses it; and writing documents that it can't refuse."""

from __future__ import annotations

import json
import math

import orjson

from .values import Json


def read_object(raw: bytes) -> dict[str, Json] | str:
    """Return the JSON object in these bytes, or the reason why there is none.

    What is JSON in a wider sense is read, too: NaN and infinities become their names, lone surrogates U+FFFD, broken
    UTF-8 U+FFFD, and numbers beyond 64 bit texts.
    """
    try:
        read = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = f"no JSON: {error}"
        try:
            read = _storable(json.loads(raw.decode("utf-8", "replace"), parse_constant=str, parse_int=_integer))
        except (ValueError, RecursionError):
            return reason
    if isinstance(read, dict):
        return read
    return f"no JSON object, but {type(read).__name__}"


def to_json(document: dict[str, Json]) -> bytes:
    """Write a document as one line of JSON, without a line feed."""
    try:
        return orjson.dumps(document)
    except (TypeError, RecursionError):
        return orjson.dumps(_storable(document))


def _integer(digits: str) -> int | str:
    number = digits.lstrip("-")
    return int(digits) if len(number) < len(str(2**63)) else digits


def _storable(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_storable(str(name)): _storable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value
