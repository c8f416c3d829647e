"""The last touches of a document whose activity lacks what every activity should have, or whose type is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from .drafts import Draft
from .names import fit
from .options import Options
from .tables import TypePlan
from .timestamps import is_credible, is_interpreted
from .urls import mask_members
from .values import ANY_FLOAT, Json


def apply_fallbacks(draft: Draft, envelope: Mapping[str, Json], plan: TypePlan, options: Options) -> None:
    """Flag an unknown type, keep aside what of the envelope is unreadable, and drop what is not there."""
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
    """Flag members of an activity in which something is kept as text because nothing else can hold it."""
    if names:
        draft = Draft(document, document["anthropic"]["audit"], ANY_FLOAT)
        flagged = draft.audit["catalogue"].get("mistyped_fields", ())
        for name in sorted(names):
            if fit(name) not in flagged:
                draft.flag("mistyped_fields", name)


def _mend_time(draft: Draft, value: Json, options: Options) -> None:
    """Keep a `created_at` that is no time, is written oddly or can't be true; in the last case the time is another.

    When the time of receiving is known, it stands for one that can't be true, as the archive files it.
    """
    if draft.document["@timestamp"] is None or is_interpreted(value):
        draft.set_aside_mistyped("created_at", value)
    if not is_credible(value, options.received_at):
        draft.set_aside("created_at", value)
        draft.flag("implausible_fields", "created_at")
        draft.document["@timestamp"] = options.received or draft.document["@timestamp"]


def _texts_kept(part: Mapping[str, Json], texts: tuple[str, ...]) -> dict[str, Json]:
    """Return a part of a document without what is missing, and without what should be a text and is none."""
    return {name: value for name, value in part.items() if value and (name not in texts or isinstance(value, str))}
