"""Converting documents to OCSF events: of any activity, and any document that a processor may have changed."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.fuzz import laws

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, SentenceWriter, to_json
from anthropic_audit.ocsf import to_ocsf

Json = Any

IS_JSON: Final = True
SHORT_RUNS: Final = 1_000
TOKENS: Final = (
    b'"event":{',
    b'"user":{"target":{',
    b'"source":{"ip":"',
    b'"anthropic":{"audit":{',
    b'"type":"',
    b'"actor":{',
)

_CATALOGUE = load()
_NORMALIZER = Normalizer(_CATALOGUE)
_SENTENCE = SentenceWriter(_CATALOGUE).write
_REQUIRED: Final = ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "type_uid")


def check(data: bytes) -> None:
    """Convert the document of an activity, and the activity as if it were a document."""
    document = _NORMALIZER.document(data)
    _check(document, data)
    try:
        other = json.loads(to_json(document["anthropic"]["audit"])) if "anthropic" in document else {}
    except (ValueError, RecursionError):
        return
    given = _read(data)
    if given is not None:
        _check(given, data)
        _check({**document, **given, "anthropic": {"audit": other}}, data)


def _check(document: dict[str, Json], data: bytes) -> None:
    event = to_ocsf(document, _SENTENCE(document))
    text = to_json(event)
    read = laws.read(text)
    laws.check_size(text, data)
    assert not [name for name in _REQUIRED if name not in read], "a required attribute is missing"
    assert read["type_uid"] == 100 * read["class_uid"] + read["activity_id"], "another type_uid"


def _read(data: bytes) -> dict[str, Json] | None:
    """Return the JSON object in these bytes if the archive could store it, else None."""
    try:
        read = json.loads(data.decode())
        laws.check_depth(read)
        json.dumps(read, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError, AssertionError):
        return None
    return read if isinstance(read, dict) else None
