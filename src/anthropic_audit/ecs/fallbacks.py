"""Documents of bytes that are not an activity, of unknown types, and of missing or unreadable envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from .drafts import Draft
from .names import fit
from .options import DATASET, ECS, MODULE, ORIGINAL_TAG, Options
from .tables import TypePlan
from .timestamps import is_credible, is_interpreted
from .urls import mask_members
from .values import ANY_FLOAT, Json


def apply_fallbacks(draft: Draft, envelope: Mapping[str, Json], plan: TypePlan, options: Options) -> None:
    """Flag an unknown type, set unreadable members of the envelope aside, and remove empty parts of the document."""
    document = draft.document
    if not plan.is_known:
        draft.audit["catalogue"] = {**draft.audit["catalogue"], "known": False}
    shown = {**envelope}
    mask_members(shown)
    for name, value in shown.items():
        if name == "created_at":
            _mend_time(draft, value, options)
        elif not isinstance(value, str) or name == "actor":
            draft.set_aside_mistyped(name, value)
    event = _texts_kept(document["event"], ("action", "id"))
    if options.received:
        event["created"] = options.received
        document["@timestamp"] = document["@timestamp"] or options.received
    document["event"] = event
    document["organization"] = _texts_kept(document["organization"], ("id",))
    for name in ("@timestamp", "organization", "tags"):
        if not document[name]:
            del document[name]


def flag_changed(document: dict[str, Json], names: AbstractSet[str]) -> None:
    """Flag members of an activity in which a value is stored as text because no other type can hold it."""
    if names:
        draft = Draft(document, document["anthropic"]["audit"], ANY_FLOAT)
        flagged = draft.audit["catalogue"].get("mistyped_fields", ())
        for name in sorted(names):
            if fit(name) not in flagged:
                draft.flag("mistyped_fields", name)


def _mend_time(draft: Draft, value: Json, options: Options) -> None:
    """Set aside a `created_at` that is not a time, is not in the usual format, or is implausible.

    The time of receiving, if it is known, replaces an implausible time, as in the archive.
    """
    if draft.document["@timestamp"] is None or is_interpreted(value):
        draft.set_aside_mistyped("created_at", value)
    if not is_credible(value, options.received_at):
        draft.set_aside("created_at", value)
        draft.flag("implausible_fields", "created_at")
        draft.document["@timestamp"] = options.received or draft.document["@timestamp"]


def _texts_kept(part: Mapping[str, Json], texts: tuple[str, ...]) -> dict[str, Json]:
    """Return a part of a document without empty members, and without members of `texts` that are not texts."""
    return {name: value for name, value in part.items() if value and (name not in texts or isinstance(value, str))}


def error_document(raw: bytes, reason: str, options: Options) -> dict[str, Json]:
    """Return a document with the reason in `error.message`, and the received text in `event.original`."""
    event = {"dataset": DATASET, "kind": "pipeline_error", "module": MODULE}
    original = raw.decode("utf-8", "backslashreplace")
    document: dict[str, Json] = {
        "data_stream": options.data_stream,
        "ecs": ECS,
        "error": {"message": f"the activity can't be read: {reason}"},
        "event": {**event, "original": original} if original else event,
        "tags": list(dict.fromkeys([*options.tag_list, ORIGINAL_TAG])),
    }
    if options.received:
        document["@timestamp"] = document["event"]["created"] = options.received
    return document
