"""The last touches of a document whose activity lacks what every activity should have, or whose type is unknown."""

from __future__ import annotations

from collections.abc import Mapping

from .drafts import Draft
from .options import Options
from .tables import TypePlan
from .values import Json


def mend(draft: Draft, envelope: Mapping[str, Json], plan: TypePlan, options: Options) -> None:
    """Flag an unknown type, keep aside what of the envelope is unreadable, and drop what is not there."""
    document = draft.document
    if not plan.is_known:
        draft.audit["catalogue"] = {**draft.audit["catalogue"], "known": False}
    for name, value in envelope.items():
        is_expected = isinstance(value, str) and name != "actor"
        if not is_expected or (name == "created_at" and document["@timestamp"] is None):
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


def _texts_kept(part: Mapping[str, Json], texts: tuple[str, ...]) -> dict[str, Json]:
    """Return a part of a document without what is missing, and without what should be a text and is none."""
    return {name: value for name, value in part.items() if value and (name not in texts or isinstance(value, str))}
